"""Sends cards with pywa on 16 threads: BASE_URL COUNT. Prints messages per second."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from pywa import WhatsApp
from pywa.types import Contact

base, count = sys.argv[1], int(sys.argv[2])
session = httpx.Client()
client = WhatsApp(phone_id="1", token="k", session=session)
session.base_url = base
card = Contact(
    name=Contact.Name(formatted_name="Barbara J. Johnson", first_name="Barbara", last_name="Johnson"),
    phones=[Contact.Phone(phone="+16505559999", type="WORK")],
    emails=[Contact.Email(email="barbara@example.com", type="WORK")],
    urls=[Contact.Url(url="https://www.example.com", type="WORK")],
    org=Contact.Org(company="Lucky Shrub", department="Legal", title="Lead Counsel"),
)


def send(_):
    assert client.send_contact("+16505551234", card).id


with ThreadPoolExecutor(16) as threads:
    list(threads.map(send, range(count // 10)))
    since = time.perf_counter()
    list(threads.map(send, range(count)))
    print(count / (time.perf_counter() - since))

"""``python -m tools.soak_service``: a plant in small, abused, into docs/service.md.

A service runs four lines: one whose pictures are posted, one that watches a folder, one that an OPC UA client asks and
one that is asked over MQTT. It is killed, its files cannot be written, its broker and its mail server go away, and
parts, answers, record, deliveries and mails are held against each other. Loopback only.
"""

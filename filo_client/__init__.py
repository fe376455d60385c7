"""A client of the service's API, for programs of others. Needs httpx2 and nothing else of this repository."""

from filo_client.client import Client
from filo_client.shapes import Answer, Event, Inspection, Line, Page, Part, Product, ServiceError

__all__ = ["Answer", "Client", "Event", "Inspection", "Line", "Page", "Part", "Product", "ServiceError"]

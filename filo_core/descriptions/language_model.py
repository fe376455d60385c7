"""Fine-grained anomaly descriptions from a large language model (III-B1), over any OpenAI-compatible endpoint.

Only what :mod:`filo_core.descriptions.cleaning` lets through comes back: a model's text is untrusted. An error holds
sentences of our own and neither the server's text nor the client's exceptions, because both can repeat the API key.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from filo_core.descriptions.answer import ANSWER_SCHEMA, read_answer
from filo_core.errors import LanguageModelError
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2
    from openai import APIStatusError, AsyncOpenAI, Omit
    from openai.types.shared_params import ResponseFormatJSONSchema

    from filo_core.types import AnomalyType, ProductDescription

Answer = TypeVar("Answer")
MAX_ANSWER_BYTES = 256 * 1024
"""A list of twenty phrases has about 2 KB; a model that reasons aloud needs more."""
_MAX_RETRIES = 1
"""Of a request that was refused as too many, or that failed inside the server. A person is waiting."""
_LOOK_AT_CANCELLED_S = 0.1
_SCHEMA_REFUSED = frozenset({400, 404, 415, 422, 500, 501})
"""What servers answer that know no JSON schema; the question itself asks for the same JSON."""
MOST_MODELS = 200
"""Names of models that are taken from an endpoint."""
_TOO_MANY_REQUESTS = 429

_ROLE = (
    "You are an experienced visual quality inspector. You name defects that a camera can see on the outside of a "
    "part. You answer with JSON only."
)
_QUESTION = """\
Which specific types of anomalies could appear on the {kind} described by this JSON: {part}
List the 8 to 16 most likely ones. Each name is a short noun phrase of one to four words in English and in lower \
case that says what is seen, for example "bent pin", "missing screw" or "oil stain". Leave out what no picture \
shows (smell, weight, hardness, sound, electrical function), words that only say that something is wrong ("defect", \
"damage"), places on the part, and explanations. Severity is "critical" when the part must not be used, "major" when \
it is impaired, "minor" when only its looks suffer.
Answer exactly in this form: {{"anomalies": [{{"name": "bent pin", "severity": "critical"}}]}}"""


class LanguageModelSettings(BaseModel):
    """Where a language model is asked, and which one.

    ``base_url`` is the address up to and with ``/v1``; it holds no password. ``timeout_s`` bounds the whole
    question, however slowly the answer drips in.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    base_url: str
    model: str
    api_key: SecretStr = SecretStr("")
    timeout_s: float = Field(default=60.0, gt=0, le=3600)


def never() -> bool:
    """For who never cancels."""
    return False


def suggest_anomalies(
    description: ProductDescription, settings: LanguageModelSettings, cancelled: Callable[[], bool] = never
) -> tuple[AnomalyType, ...]:
    """Ask the language model what can go wrong with a product; blocks until it has answered.

    Args:
        description: its class name, kind and domain are sent, and nothing else.
        settings: no other endpoint is ever asked.
        cancelled: looked at ten times a second; True gives up.

    Returns:
        1 to 20 anomaly types of provenance LANGUAGE_MODEL with cleaned names, as the model ordered them.

    Raises:
        LanguageModelError: no usable answer, or cancelled. The message is a sentence for a person, without the
            API key.
    """
    host = _checked_host(settings)
    _import_client()
    return read_answer(asyncio.run(_until(partial(_ask, description, settings), settings, host, cancelled)))


def model_names(settings: LanguageModelSettings, cancelled: Callable[[], bool] = never) -> tuple[str, ...]:
    """Names of the models that an endpoint has, sorted; blocks until it has answered.

    Args:
        settings: which endpoint; its model may be empty.
        cancelled: looked at ten times a second; True gives up.

    Raises:
        LanguageModelError: if it cannot be asked, or says nothing that can be read.
    """
    host = _checked_host(settings.model_copy(update={"model": settings.model or "any"}))
    _import_client()
    return asyncio.run(_until(partial(_list_models, settings, host), settings, host, cancelled))


def question(description: ProductDescription) -> str:
    """The question of III-B1 about one product; what a person typed stands in it as a JSON string."""
    part = {"name": description.class_name.strip()}
    if description.domain.strip():
        part["domain"] = description.domain.strip()
    return _QUESTION.format(kind=description.kind.value, part=json.dumps(part, ensure_ascii=False))


def _import_client() -> None:
    """Import the client with what it only imports at its first question.

    It takes seconds on a busy machine, which are not the endpoint's: the deadline begins afterwards.
    """
    import httpx2
    import openai.resources.chat.completions as _  # noqa: F401

    httpx2.HTTPTransport(trust_env=False).close()


def _checked_host(settings: LanguageModelSettings) -> str:
    """Host of the endpoint, for messages; a setting that cannot work is refused before anything is sent."""
    if not settings.base_url.strip():
        raise LanguageModelError("No language model is set up. Enter its address in the settings.")
    try:
        url = urlsplit(settings.base_url.strip())
        host, port = url.hostname, url.port
    except ValueError:
        host, port = None, None
    if not host or not host.isprintable() or " " in host or url.scheme not in {"http", "https"}:
        raise LanguageModelError(
            "The address of the language model is no web address. It begins with http:// or https:// "
            "and usually ends in /v1; correct it in the settings."
        )
    if url.username or url.password or url.query:
        raise LanguageModelError(
            "The address of the language model holds a password or a key. Enter the key in its own field."
        )
    if not settings.model.strip():
        raise LanguageModelError("No language model is chosen. Enter the model's name in the settings.")
    key = settings.api_key.get_secret_value().strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise LanguageModelError("The API key has characters that no key has. Copy it once more into the settings.")
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


async def _until(
    ask: Callable[[AsyncOpenAI], Awaitable[Answer]],
    settings: LanguageModelSettings,
    host: str,
    cancelled: Callable[[], bool],
) -> Answer:
    """What ``ask`` gets. The client's own time-outs start anew with every byte, so the deadline is kept here."""
    statuses: list[int] = []
    # Made before the clock starts: it loads what it needs, such as the certificates of the system.
    client = _client(settings, host, statuses)
    asking = asyncio.create_task(_said(ask, client, host, settings))
    deadline = asyncio.get_running_loop().time() + settings.timeout_s
    while not asking.done():
        left = deadline - asyncio.get_running_loop().time()
        problem = Sentence("The question to the language model was cancelled.") if cancelled() else ""
        if left <= 0:
            # It was told to wait longer than the person is willing to.
            busy = bool(statuses) and statuses[-1] == _TOO_MANY_REQUESTS
            problem = _busy(host) if busy else _timed_out(host, settings)
        if problem:
            asking.cancel()
            await asyncio.wait({asking})
            raise LanguageModelError(problem)
        await asyncio.wait({asking}, timeout=min(left, _LOOK_AT_CANCELLED_S))
    return asking.result()


async def _ask(description: ProductDescription, settings: LanguageModelSettings, client: AsyncOpenAI) -> bytes:
    return await _completion(client, description, settings)


async def _list_models(settings: LanguageModelSettings, host: str, client: AsyncOpenAI) -> tuple[str, ...]:
    found = []
    async for model in client.models.list(extra_headers=_headers(settings)):
        name = model.id if isinstance(model.id, str) else ""
        if name.strip() and name.isprintable():
            found.append(name.strip())
        if len(found) == MOST_MODELS:
            break
    if not found:
        raise LanguageModelError("The language model at {host} names no model. Type the name of one.", host=host)
    return tuple(sorted(dict.fromkeys(found)))


async def _said(
    ask: Callable[[AsyncOpenAI], Awaitable[Answer]], client: AsyncOpenAI, host: str, settings: LanguageModelSettings
) -> Answer:
    """What ``ask`` gets, its failures as sentences of our own."""
    import httpx2
    import openai

    problem = ""
    try:
        async with client:
            return await ask(client)
    except openai.APIStatusError as error:
        problem = _status_sentence(error, host, settings)
    except (openai.APITimeoutError, httpx2.TimeoutException):
        problem = _timed_out(host, settings)
    except (AttributeError, TypeError, ValueError):
        problem = Sentence(
            "The language model at {host} answered with something that cannot be read. Check its address.", host=host
        )
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL):
        problem = Sentence(
            "The language model at {host} cannot be reached. Check its address and the network.", host=host
        )
    # Raised out here, so that the client's exception, which knows the request, is not even this one's context.
    raise LanguageModelError(problem)


def _client(settings: LanguageModelSettings, host: str, statuses: list[int]) -> AsyncOpenAI:
    import openai

    async def note_status(response: httpx2.Response) -> None:
        statuses.append(response.status_code)

    return openai.AsyncOpenAI(
        base_url=settings.base_url.strip(),
        # The client insists on a key; without one of ours no Authorization header is sent.
        api_key=settings.api_key.get_secret_value().strip() or "none",
        max_retries=_MAX_RETRIES,
        timeout=settings.timeout_s,
        http_client=openai.DefaultAsyncHttpxClient(
            # A redirect would carry the question to an endpoint nobody chose.
            follow_redirects=False,
            # A plant's proxy cannot reach this machine's own loopback.
            trust_env=not _is_loopback(host),
            event_hooks={"response": [note_status]},
        ),
    )


async def _completion(client: AsyncOpenAI, description: ProductDescription, settings: LanguageModelSettings) -> bytes:
    import openai

    structured: ResponseFormatJSONSchema = {
        "type": "json_schema",
        "json_schema": {"name": "anomalies", "strict": True, "schema": ANSWER_SCHEMA},
    }
    try:
        return await _one_completion(client, description, settings, structured)
    except openai.APIStatusError as error:
        if error.status_code not in _SCHEMA_REFUSED:
            raise
    return await _one_completion(client, description, settings, openai.omit)


async def _one_completion(
    client: AsyncOpenAI,
    description: ProductDescription,
    settings: LanguageModelSettings,
    form: ResponseFormatJSONSchema | Omit,
) -> bytes:
    """Body of one answer, at most :data:`MAX_ANSWER_BYTES`, neither parsed nor trusted."""
    body = bytearray()
    async with client.chat.completions.with_streaming_response.create(
        model=settings.model.strip(),
        messages=[{"role": "system", "content": _ROLE}, {"role": "user", "content": question(description)}],
        response_format=form,
        extra_headers=_headers(settings),
    ) as response:
        async for piece in response.iter_bytes():
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                raise LanguageModelError(
                    "The answer of the language model is longer than {max_answer_bytes} KB. Try another model.",
                    max_answer_bytes=MAX_ANSWER_BYTES // 1024,
                )
    return bytes(body)


def _headers(settings: LanguageModelSettings) -> dict[str, str | Omit]:
    import openai

    # Organisation and project come from variables of the environment that were meant for another service.
    headers: dict[str, str | Omit] = {"OpenAI-Organization": openai.omit, "OpenAI-Project": openai.omit}
    if not settings.api_key.get_secret_value().strip():
        headers["Authorization"] = openai.omit
    return headers


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _timed_out(host: str, settings: LanguageModelSettings) -> str:
    return Sentence(
        "The language model at {host} gave no answer within {timeout_s:g} s. Try again, or allow "
        "more time in the settings.",
        host=host,
        timeout_s=settings.timeout_s,
    )


def _busy(host: str) -> str:
    return Sentence(
        "The language model at {host} takes no more questions just now: too many, or the quota is "
        "used up. Try again in a few minutes.",
        host=host,
    )


def _status_sentence(error: APIStatusError, host: str, settings: LanguageModelSettings) -> str:
    status = error.status_code
    if status in {401, 403}:
        return Sentence(
            "The language model at {host} did not accept the API key. Check the key in the settings.", host=host
        )
    if status == 404:
        return Sentence(
            "{host} knows no model {model!r}, or no language model is at this address. Check both in the settings.",
            host=host,
            model=settings.model.strip(),
        )
    if status == _TOO_MANY_REQUESTS:
        return _busy(host)
    if status >= 500:
        return Sentence(
            "The language model at {host} failed inside (error {status}). Try again later.", host=host, status=status
        )
    return Sentence(
        "The language model at {host} refused the question (error {status}). Check the address and the model.",
        host=host,
        status=status,
    )

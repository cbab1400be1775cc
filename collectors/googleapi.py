"""What Google's interfaces share: access tokens, errors, and the Places answers that must not be kept."""

from __future__ import annotations

from typing import Any, Final

from candidly.errors import CollectorError, Degraded
from collectors.api import LATER, Api, ApiSettings, text_at
from collectors.base import Context
from collectors.keys import key_of

TOKENS: Final = "https://oauth2.googleapis.com"
_PLACES: Final = {"html_attributions", "result", "results", "candidates", "places", "displayName"}


class Missing(CollectorError):
    """Google does not have what was asked for."""


def access_token(settings: Any, context: Context) -> str:
    """The token that `access_token_secret` names, else a new one (RFC 6749, 6), which is kept nowhere.

    `settings`: ApiSettings with the names of secrets, as GoogleBusinessSettings has them.
    """
    if settings.access_token_secret:
        return key_of(context, settings.access_token_secret)
    asked = {
        "grant_type": "refresh_token",
        "client_id": key_of(context, settings.client_id_secret),
        "client_secret": key_of(context, settings.client_secret_secret),
        "refresh_token": key_of(context, settings.refresh_token_secret),
    }
    server: ApiSettings = settings.model_copy(update={"base_url": settings.base_url or TOKENS})
    said = Api(server, context, explain=explain_token).post("/token", asked, form=True)
    if not (token := text_at(said, "access_token")):
        raise Degraded("Google gave no access token.", LATER)
    return token


def refuse_places(said: Any) -> None:
    """Raises CollectorError for an answer of the Places interface, old or new."""
    if isinstance(said, dict) and (
        _PLACES & set(said) or text_at(said, "reviews", 0, "name")[:7] == "places/"
    ):
        raise CollectorError(
            "This is an answer of Google's Places interface, whose terms forbid storing; nothing was kept.",
            "Use `google_business` for locations of your own, without another `base_url`.",
            permanent=True,
        )


def explain_token(status: int, said: Any) -> CollectorError | None:
    """The errors of OAuth: `{"error": "invalid_grant"}`."""
    code = text_at(said, "error")
    if code == "invalid_grant":
        return CollectorError(
            "Google does not accept the refresh token.",
            "It was revoked, or ended after the seven days of a project in testing: sign in anew.",
            permanent=True,
        )
    if status in (400, 401, 403):
        return CollectorError(
            "Google does not accept the OAuth client.", "Check its id and secret.", permanent=True
        )
    return None


def explain(status: int, said: Any) -> CollectorError | None:
    """Google's errors: `{"error": {"code", "message", "status"}}`."""
    state = text_at(said, "error", "status")
    if status == 401 or state == "UNAUTHENTICATED":
        return CollectorError(
            "Google does not accept the access token.",
            "It may have run out after an hour: let it be fetched with a refresh token.",
            permanent=True,
        )
    if status == 403 or state == "PERMISSION_DENIED":
        return CollectorError(
            "Google refuses access to the location.",
            "The account must manage it, and Google must have approved the project for this interface.",
            permanent=True,
        )
    if status == 404 or state == "NOT_FOUND":
        return Missing(
            "Google has no such location.",
            "Correct it under `locations`; it must be verified.",
            permanent=True,
        )
    if status == 429 or state == "RESOURCE_EXHAUSTED":
        return CollectorError("Google's quota is used up.", LATER)
    return None

"""Which variables of the environment look like secrets."""

import pytest

from kirin_cli.jobs.environment import looks_secret, secrets_in_text, secrets_in_urls


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_TOKEN", "github_token", "CI_JOB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "DB_PASSWORD",
        "PGPASSWORD", "MYSQL_PWD", "DB_PASS", "GOOGLE_APPLICATION_CREDENTIALS", "STRIPE_KEY", "APIKEY", "API_KEYS",
        "NPM_AUTH", "SSH_PRIVATE_KEY", "SENTRY_DSN", "SESSION_COOKIE", "AZURE_PAT", "GPG_PASSPHRASE", "KEY",
    ],
)  # fmt: skip
def test_names_of_secrets(name):
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name", ["PWD", "OLDPWD", "CITY", "AUTHOR", "KEYBOARD", "PATH", "PASSAGE", "MONKEY", "COMPASS", "HOME", "CI_COMMIT"]
)
def test_names_of_no_secrets(name):
    assert not looks_secret(name)


@pytest.mark.parametrize(
    "value",
    [
        "ghp_" + "a" * 36, "github_pat_11AAAA", "glpat-xyz", "sk-proj-0123456789abcdef", "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJI.eyJzdWIiOiIx.sig", "-----BEGIN RSA PRIVATE KEY-----\nx", "postgres://app:hunter2@db/prod",
    ],
)  # fmt: skip
def test_values_of_secrets_under_harmless_names(value):
    assert looks_secret("THING", value)


@pytest.mark.parametrize("value", ["Lisbon", "https://cdn.example/cup.png", "sk-short", "2026-01-01", "a:b@c"])
def test_values_of_no_secrets(value):
    assert not looks_secret("THING", value)


def test_a_secret_is_found_in_any_url_of_a_text():
    secrets = {"A_TOKEN": "0123456789"}
    params = {"callback_url": "https://h/?k=0123456789", "prompt": ["see wss://0123456789@h now", "0123456789 alone"]}
    assert list(secrets_in_urls(params, secrets)) == [("callback_url", "A_TOKEN"), ("prompt[0]", "A_TOKEN")]


def test_what_is_too_short_is_in_every_text():
    assert list(secrets_in_text(["a1"], {"A_TOKEN": "1", "B_TOKEN": ""})) == []

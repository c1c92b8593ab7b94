"""Django's settings, derived from conclave.toml and CONCLAVE_*: wiring only, every choice an operator has is in conclave.config."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from conclave import config
from conclave.kernel import logs, secrets

CONCLAVE = config.load()
_PUBLIC = urlsplit(CONCLAVE.public_url)
_TLS = _PUBLIC.scheme == "https"

DEBUG = False
SECRET_KEY = secrets.text_secret(path=CONCLAVE.state_dir / "secret.key")
ALLOWED_HOSTS = sorted({_PUBLIC.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", CONCLAVE.node_address})
ROOT_URLCONF = "conclave.urls"
ASGI_APPLICATION = "conclave.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

INSTALLED_APPS = [
    "conclave.site",
    "conclave.meetings",
    "conclave.gate",
    "conclave.keys",
    "conclave.media",
    "conclave.accounts",
    "conclave.transparency",
    "conclave.kernel",
    "allauth",
    "allauth.account",
    "channels",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
]

# The order matters: headers on every answer, then files, then the session and the language that pages need.
MIDDLEWARE = [
    "conclave.site.headers.SecurityHeaders",
    "conclave.site.assets.StaticFiles",
    "conclave.site.errors.ErrorAnswers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "conclave.site.headers.FormOrigin",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# One writer at a time: IMMEDIATE takes the write lock at the start, so a transaction waits instead of failing half-way.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": CONCLAVE.state_dir / "conclave.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # secure_delete: a destroyed opening is overwritten, not only unlinked.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;",
        },
        # A file, because threads and sockets of a test need connections of their own; one for each run.
        "TEST": {"NAME": Path(tempfile.gettempdir()) / f"conclave-test-{os.getpid()}.sqlite3"},
    },
}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email", "name"]}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/meetings"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "conclave.accounts.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
# Without mail nobody can be asked to confirm an address: accounts come from the owner link or an invitation, and are verified there.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

SESSION_COOKIE_NAME = "__Host-session" if _TLS else "conclave_session"
SESSION_COOKIE_SECURE = _TLS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if _TLS else "conclave_csrf"
CSRF_COOKIE_SECURE = _TLS
CSRF_COOKIE_HTTPONLY = True
# TLS ends before the gateway, which therefore sees http and would refuse the https origin that people type.
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"]
CSRF_FAILURE_VIEW = "conclave.site.pages.csrf_failure"
LANGUAGE_COOKIE_NAME = "conclave_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = _TLS

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

WEB_DIST = config.ROOT / "web" / "dist"
STATIC_URL = "/static/"
STATIC_ROOT = WEB_DIST if WEB_DIST.is_dir() else None
WHITENOISE_ALLOW_ALL_ORIGINS = False

LOGGING = logs.logging_config()
logs.configure()

"""Django's settings, derived from conclave.toml and CONCLAVE_*: wiring only, every choice an operator has is in conclave.config."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from conclave import archive, config, servers
from conclave.kernel import logs, secrets

CONCLAVE = config.load()
_PUBLIC = urlsplit(CONCLAVE.public_url)
_TLS = _PUBLIC.scheme == "https"

# Which version of Conclave this is, for the ledger to name with the client that it gives.
VERSION = archive.product_version()
DEBUG = False
SECRET_KEY = secrets.text_secret(path=CONCLAVE.state_dir / "secret.key")
ALLOWED_HOSTS = sorted({_PUBLIC.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", CONCLAVE.node_address})
ROOT_URLCONF = "conclave.urls"
ASGI_APPLICATION = "conclave.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

INSTALLED_APPS = [
    "conclave.site",
    "conclave.authorities",
    "conclave.meetings",
    "conclave.gate",
    "conclave.keys",
    "conclave.media",
    "conclave.accounts",
    "conclave.transparency",
    "conclave.kernel",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
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
    "conclave.accounts.middleware.LastSeen",
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

_POSTGRES = servers.database_server(CONCLAVE.database) if CONCLAVE.database else None
# One writer at a time: IMMEDIATE takes the write lock at the start, so a transaction waits instead of failing half-way.
_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": CONCLAVE.state_dir / "conclave.sqlite3",
    # As long as the thread that opened it (kernel/handler.py), unless the database failed it.
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # secure_delete: a destroyed opening is overwritten, not only unlinked.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;",
    },
    # A file, because threads and sockets of a test need connections of their own; one for each run.
    "TEST": {"NAME": Path(tempfile.gettempdir()) / f"conclave-test-{os.getpid()}.sqlite3"},
}
DATABASES = {"default": _SQLITE}
if _POSTGRES:
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _POSTGRES.name,
        "USER": _POSTGRES.user,
        "PASSWORD": _POSTGRES.password,
        "HOST": _POSTGRES.host,
        "PORT": str(_POSTGRES.port),
        # A request gives its connection back when it is answered. What runs for good keeps one each: a dozen.
        "OPTIONS": {"sslmode": _POSTGRES.tls, "pool": {"min_size": 2, "max_size": 32, "timeout": 20}},
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
# No account exists before its address is proven (accounts/sign_up.py, accounts/owner.py), so allauth has none to verify.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
# Many passwords for one account, and one password for many accounts from one address, are both slowed down.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,100/h/ip,5/5m/key"}
MFA_ADAPTER = "conclave.accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_FORMS = {
    "add_webauthn": "conclave.accounts.forms.PasskeyForm",
    "login_webauthn": "conclave.accounts.forms.SignInPasskeyForm",
    "authenticate_webauthn": "conclave.accounts.forms.SecondPasskeyForm",
    "reauthenticate_webauthn": "conclave.accounts.forms.AgainPasskeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey stands for the person, not only for the device: fingerprint, face or PIN are always asked for.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
# An address that waits for its confirmation is kept nowhere (accounts/address.py).
MFA_ALLOW_UNVERIFIED_EMAIL = True

_MAIL = servers.mail_server(CONCLAVE.mail) if CONCLAVE.mail else None
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _MAIL else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = CONCLAVE.mail_from
EMAIL_TIMEOUT = 20
if _MAIL:
    EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.tls == "at_once", _MAIL.tls == "starttls"

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

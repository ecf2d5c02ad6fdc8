"""Settings of the portal, read from the environment.

`PORTAL_MODE` is `demo` (the default: SQLite, one process, demo logins) or `production`.
`DATABASE_URL` and `REDIS_URL` turn the same code into separate web, worker and beat processes.
"""

from importlib.util import find_spec
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(exist_ok=True)
env = environ.Env()

MODE = env.str("PORTAL_MODE", "demo")
DEMO = MODE == "demo"
DEFAULT_SECRET = "demo-only-secret-key-never-use-it-outside-a-demonstration"  # noqa: S105  refused by portal.checks in production
DEFAULT_FIELD_KEY = "ZGVtby1vbmx5LWZpZWxkLWtleS0wMTIzNDU2Nzg5YWI="

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", DEFAULT_SECRET)
FIELD_KEYS = env.list("FIELD_KEYS", default=[DEFAULT_FIELD_KEY])  # newest first: the first encrypts, all decrypt
BLIND_INDEX_KEY = env.str("BLIND_INDEX_KEY", DEFAULT_SECRET)
EVENT_SIGNING_KEY = env.str("EVENT_SIGNING_KEY", DEFAULT_SECRET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", "http://localhost:8000")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)  # how many proxies of our own stand before the web process

INSTALLED_APPS = [
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "simple_history",
    "csp",
    "django_structlog",
    "portal.kernel",
    "accounts",
    "products",
    "applications",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "portal.kernel.middleware.RequestIdHeader",
    "portal.kernel.middleware.RefuseCutOffForms",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.kernel.middleware.RefuseNullBytes",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.kernel.context.site",
            ],
        },
    }
]

# Databases. SQLite is the embedded default; WAL + IMMEDIATE make concurrent submits wait instead of dying.
DATABASES = {"default": env.db("DATABASE_URL", f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")}
IS_POSTGRES = "postgresql" in DATABASES["default"]["ENGINE"]
if IS_POSTGRES:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 8}
else:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    # A file, not memory: an in-memory test database cannot be shared by threads.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis is a convenience, never the truth: caches and throttles fail open, sessions stay in the database.
REDIS_URL = env.str("REDIS_URL", "")
CACHE_BACKEND = (
    "portal.kernel.caching.FailOpenRedisCache" if REDIS_URL else "django.core.cache.backends.locmem.LocMemCache"
)
# kombu and redis-py name a socket differently.
CACHES = {"default": {"BACKEND": CACHE_BACKEND, "LOCATION": REDIS_URL.replace("redis+socket://", "unix://")}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
# Half a second for a dead or silent Redis: a submit must not wait for the broker.
REDIS_TRANSPORT_OPTIONS = {
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "max_retries": 0,
    "visibility_timeout": 3600,
}
CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_TRANSPORT_OPTIONS if REDIS_URL else {"polling_interval": 0.05}
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "kernel.sweep", "schedule": 15.0},
    "digest": {"task": "kernel.digest", "schedule": 60 * 60.0},
    "expire": {"task": "applications.expire", "schedule": 60 * 60.0},
    "clear-sessions": {"task": "kernel.clear_sessions", "schedule": 60 * 60.0},
    "fetch-holdings": {"task": "applications.ask_holdings", "schedule": crontab(hour=1, minute=30)},
    "retier": {"task": "products.retier", "schedule": crontab(hour=2, minute=10)},
    "remind": {"task": "products.remind", "schedule": crontab(hour=9, minute=0)},
    "shadow": {"task": "products.shadow", "schedule": 5 * 60.0},
    "lists": {"task": "applications.lists", "schedule": crontab(hour=4, minute=20)},
    "monitor": {"task": "applications.monitor", "schedule": crontab(hour=5, minute=40)},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", "accounts.hashers.MachineSecretHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/applications/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_FORMS = {"login": "accounts.web.forms.StaffLoginForm"}
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "accounts.adapters.user_display"
ACCOUNT_LOGOUT_ON_GET = False
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are proven by our own codes, allauth keeps none
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
STAFF_NEEDS_SECOND_FACTOR = env.bool("STAFF_NEEDS_SECOND_FACTOR", not DEMO)

OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.ApiClient"
OAUTH2_PROVIDER = {
    "SCOPES": {
        "products:read": "读取产品目录",
        "prechecks:write": "做预检",
        "enterprises:read": "读取本机构服务的企业",
        "enterprises:write": "写入本机构服务的企业",
        "applications:read": "读取本机构的申请",
        "applications:write": "创建与提交申请、发起推荐",
        "documents:write": "上传申请材料",
        "webhooks:manage": "管理回调地址",
    },
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "CLIENT_SECRET_HASHER": "machine_secret",
    "OAUTH2_VALIDATOR_CLASS": "accounts.oauth.ClientValidator",
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    # Shut; PartnerView says who comes in, the schema and its page are open by name.
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_RATES": {"client": env.str("API_RATE", "600/min"), "token": "60/min"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.kernel.api.problem_handler",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "科创融资服务 合作机构接口",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ApplicationStatus": "applications.api.schemas.STATUSES",
        "ReferralStatus": "accounts.api.REFERRAL_STATUSES",
        "FindingOutcome": "products.api.schemas.FINDING_OUTCOMES",
        "ProductAnswer": "products.api.schemas.PRODUCT_ANSWERS",
        "TierOutcome": "products.api.schemas.TIER_OUTCOMES",
    },
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "oauth2": {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token/", "scopes": OAUTH2_PROVIDER["SCOPES"]}},
            }
        }
    },
}
API_BODY_LIMIT = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Mail and SMS go through ports; the demonstration keeps both in an outbox page instead of sending.
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_BACKEND = "accounts.integrations.mail.OutboxEmailBackend" if DEMO else EMAIL_CONFIG["EMAIL_BACKEND"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "科创融资服务 <noreply@demo.example>")
EMAIL_TIMEOUT = 5

# Outside sources: one adapter name or base URL each. `local` reads the demonstration tables, `http` calls BASE_URL.
SOURCES = {
    name: {
        "adapter": env.str(f"{name.upper()}_ADAPTER", "local" if DEMO else "http"),
        "url": env.str(f"{name.upper()}_URL", ""),
        "token": env.str(f"{name.upper()}_TOKEN", ""),
    }
    for name in ("business_registry", "identity", "sms", "tax", "credit_bureau")
}
# Statements of core banking come as files a person uploads (`file`), or are fetched every night as well (`http`).
CORE_BANKING = {
    "adapter": env.str("CORE_BANKING_ADAPTER", "file"),
    "url": env.str("CORE_BANKING_URL", ""),
    "token": env.str("CORE_BANKING_TOKEN", ""),
}
FILE_SCANNER = env.str("FILE_SCANNER", "builtin" if DEMO else "clamd")
CLAMD_ADDRESS = env.str("CLAMD_ADDRESS", "127.0.0.1:3310")
UPLOAD_LIMIT = 20 * 1024 * 1024
TABLE_LIMIT = 80 * 1024 * 1024  # a register of 600,000 rows
COLUMNAR_DIR = env.str("COLUMNAR_DIR", str(VAR_DIR / "columnar"))  # a copy, on each worker's own disk
MEDIA_ROOT = env.str("MEDIA_ROOT", str(VAR_DIR / "files"))

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static", ("bootstrap", Path(find_spec("bootstrap").submodule_search_locations[0]))]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "portal.kernel.statics.ManifestStorage"
        if not DEMO
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEMO

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# No inline script or style anywhere; images may be data: because Bootstrap's own CSS draws ticks and arrows so.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEMO
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if DEMO else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEMO
CSRF_FAILURE_VIEW = "portal.kernel.errors_web.csrf_failure"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"structured": {"()": "portal.kernel.logs.formatter", "pretty": DEMO}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_structlog": {"level": "WARNING" if DEMO else "INFO"},
    },
}
DJANGO_STRUCTLOG_USER_ID_FIELD = None
SILENCED_SYSTEM_CHECKS = ["account.W001"]

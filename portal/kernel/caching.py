"""A Redis cache that fails open: a lost cache costs speed, never an answer."""

from __future__ import annotations

import logging

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class FailOpenRedisCache(RedisCache):
    """Answers like an empty cache while Redis is away."""

    def __init__(self, server: str, params: dict) -> None:
        params.setdefault("OPTIONS", {}).update(socket_timeout=0.5, socket_connect_timeout=0.5)
        super().__init__(server, params)

    def _try(self, method, fallback, *args, **kwargs):
        try:
            return method(*args, **kwargs)
        except RedisError as error:
            log.warning("cache_unreachable", extra={"error": type(error).__name__})
            return fallback

    def get(self, key, default=None, version=None):
        return self._try(super().get, default, key, default=default, version=version)

    def set(self, key, value, *args, **kwargs):
        return self._try(super().set, None, key, value, *args, **kwargs)

    def add(self, key, value, *args, **kwargs):
        return self._try(super().add, True, key, value, *args, **kwargs)

    def delete(self, key, version=None):
        return self._try(super().delete, False, key, version=version)

    def incr(self, key, delta=1, version=None):
        return self._try(super().incr, delta, key, delta, version=version)

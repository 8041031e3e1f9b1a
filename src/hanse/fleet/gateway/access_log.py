"""One line of JSON a request, with the trace its answer belongs to."""

from __future__ import annotations

from typing import Any

LINE = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "trace_id": "%TRACE_ID%",
    "request_id": "%STREAM_ID%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ)%",
    "host": "%REQ(:AUTHORITY)%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "reason": "%RESPONSE_CODE_DETAILS%",
    "milliseconds": "%DURATION%",
    "received": "%BYTES_RECEIVED%",
    "sent": "%BYTES_SENT%",
    "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    "service": "%UPSTREAM_CLUSTER_RAW%",
    "upstream": "%UPSTREAM_HOST%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
}
"""Never the query, a cookie or a header of credentials: what is in a log is read by many."""


def access_log(path: str) -> list[dict[str, Any]]:
    """The log as a file, written to at least twice a second."""
    return [
        {
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": "type.googleapis.com/"
                "envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": path,
                "log_format": {
                    "json_format": LINE,
                    "omit_empty_values": True,
                },
            },
        }
    ]

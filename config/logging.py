"""Operator's log: one JSON object a line, with the request's id, and never with the data of a request."""

import json
import logging

from audit import context


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": context.without_secret(record.getMessage()),
        }
        if request_id := context.current().request_id:
            line["request"] = request_id
        if record.exc_info:
            # The type and the place, not the message: a database error quotes the values it was given.
            kind, _, trace = record.exc_info
            while trace and trace.tb_next:
                trace = trace.tb_next
            where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
            line["exception"] = f"{kind.__name__ if kind else 'unknown'}{where}"
        return json.dumps(line, ensure_ascii=False)

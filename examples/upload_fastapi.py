"""Take uploads over HTTP and answer with URLs that are ready to send.

pip install mmsprep fastapi python-multipart uvicorn
uvicorn upload_fastapi:app
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, UploadFile
from fastapi.requests import Request
from fastapi.responses import JSONResponse

from mmsprep import Pipeline, Rejected, Unavailable


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # One for all requests: it is safe to share, and keeps its helper warm.
    with Pipeline(store="out") as app.state.pipeline:
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/media")
async def prepare(file: UploadFile, request: Request) -> dict[str, Any]:
    # A client that hangs up cancels this, and what was begun is ended at once.
    prepared = await request.app.state.pipeline.aprepare(file.file, name=file.filename)
    return {"media_urls": prepared.media_urls, "text": prepared.text, "warnings": prepared.warnings}


@app.exception_handler(Rejected)
async def rejected(request: Request, error: Rejected) -> JSONResponse:
    # Its message is for the sender: it names the file, the fact and the remedy.
    return JSONResponse({"code": error.code, "reason": error.reason, "message": error.message}, status_code=422)


@app.exception_handler(Unavailable)
async def unavailable(request: Request, error: Unavailable) -> JSONResponse:
    return JSONResponse({"reason": error.reason}, status_code=503, headers={"Retry-After": "30"})

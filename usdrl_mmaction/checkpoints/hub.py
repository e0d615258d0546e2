"""Models of the Hugging Face hub: ``hf://OWNER/NAME`` is a folder there, as ``folder.py`` writes one."""

import re
from importlib.util import find_spec
from pathlib import Path

from usdrl_mmaction.errors import DownloadError, UsageError

from .folder import CONFIG, WEIGHTS

HUB = 'hf://'
ADDRESS = re.compile(r'hf://(\w[\w.-]*/\w[\w.-]*?)(?:@([\w./-]+))?')


def fetch(address: str) -> Path:
    """The folder of ``hf://OWNER/NAME`` or ``hf://OWNER/NAME@REVISION``, downloaded unless it is in the hub's cache.
    HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are heeded."""
    found = ADDRESS.fullmatch(address)
    if not found:
        raise UsageError(f'{address} is no model of the hub: write hf://OWNER/NAME, or hf://OWNER/NAME@REVISION.')
    if find_spec('huggingface_hub') is None:
        raise UsageError(f"{address} needs huggingface_hub: pip install 'usdrl-mmaction[hub]'.")
    from huggingface_hub import hf_hub_download

    name, revision = found.groups()
    try:
        config = Path(hf_hub_download(name, CONFIG, revision=revision))
        hf_hub_download(name, WEIGHTS, revision=config.parent.name)  # of the same commit
    except Exception as error:  # of the hub, or of one of the libraries that it reads the network by
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise DownloadError(f'{address} cannot be fetched ({type(error).__name__}: {reason}).') from error
    return config.parent

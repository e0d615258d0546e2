"""What mkdocs adds to the pages of docs/: files of the repository that are pages too, the notebook, and the messages of
all errors. mkdocs.yml names this file as a hook."""

import json
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

import messages
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
PAGES = {  # of the site, by the file of the repository
    'configs/usdrl/README.md': 'zoo.md',
    'usdrl_mmaction/checkpoints/weights/body.md': 'model-card.md',
    'CHANGELOG.md': 'changelog.md',
    'CONTRIBUTING.md': 'contributing.md',
    'SECURITY.md': 'security.md',
    'docs/tutorial.ipynb': 'tutorial.md',
}
SOURCES = {page: source for source, page in PAGES.items()}
LINK = re.compile(r'(!?)\[([^\]]+)\]\((?!\w+://|#|data:)([^)#\s]+)(#[^)]*)?\)')
WORKER = 'assets/file_worker.js'
EXTERNAL = re.compile(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="((?:https?:)?//[^"]+)"')
MESSAGES = '<!-- messages -->'


@event_priority(-100)  # after the plugin offline, whose shim is on a server
def on_config(config):
    config.extra['polyfills'] = [WORKER]
    return config


def on_files(files, config):
    """Adds the files of ``PAGES``."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text()
        content = as_markdown(json.loads(text)) if source.endswith('.ipynb') else without_front_matter(text)
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    """Leads links to where pages are on the site, and takes those away that lead to other files."""
    place = page.file.src_uri
    source = PurePosixPath(SOURCES.get(place, f'docs/{place}'))

    def link(match):
        image, text, target, anchor = match.groups()
        found = normpath(source.parent / target)
        on_site = PAGES.get(found) or found.removeprefix('docs/')
        if on_site not in files.src_uris:
            return match[0] if image else text
        return f'{image}[{text}]({relpath(on_site, PurePosixPath(place).parent)}{anchor or ""})'

    return LINK.sub(link, markdown).replace(MESSAGES, messages.as_markdown())


def on_post_page(output, page, config):
    """Refuses pages that would load something from a server; the shim is named relative to the page."""
    if found := EXTERNAL.search(output):
        raise PluginError(f'{page.file.src_uri} loads {found[1]}: the site has to work without a network.')
    depth = page.file.dest_uri.count('/')
    return output.replace(f'src="{WORKER}"', f'src="{"../" * depth}{WORKER}"')


def without_front_matter(text: str) -> str:
    return re.sub(r'\A---\n.*?\n---\n', '', text, flags=re.DOTALL)


def as_markdown(notebook: dict) -> str:
    """The cells of a notebook and what they gave, as a page."""
    return '\n\n'.join(text for cell in notebook['cells'] for text in cell_parts(cell))


def cell_parts(cell: dict):
    source = ''.join(cell['source'])
    if cell['cell_type'] == 'markdown':
        yield source
        return
    yield f'```python\n{source}\n```'
    for output in cell['outputs']:
        data = output.get('data', {})
        if 'image/png' in data:
            yield f'![output](data:image/png;base64,{"".join(data["image/png"]).strip()})'
        elif text := ''.join(output.get('text') or data.get('text/plain', [])):
            yield f'```text\n{text.rstrip()}\n```'

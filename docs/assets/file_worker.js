// Search runs in a worker, which browsers do not start for pages that are opened as files. There, a hidden frame runs it.
if (location.protocol === 'file:')
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement('iframe')
      this.frame.hidden = true
      document.body.appendChild(this.frame)
      const inner = this.frame.contentWindow
      inner.IFrameWorker = Worker
      inner.postMessage = data => this.report(data)
      inner.importScripts = (...urls) => urls.reduce((before, each) => before.then(() => this.run(each)), Promise.resolve())
      this.ready = this.run(url)
    }

    run(url) {
      return new Promise((done, failed) => {
        const script = this.frame.contentDocument.createElement('script')
        Object.assign(script, { src: new URL(url, location.href), onload: done, onerror: failed })
        this.frame.contentDocument.head.appendChild(script)
      })
    }

    report(data) {
      const event = new MessageEvent('message', { data })
      this.dispatchEvent(event)
      if (this.onmessage) this.onmessage(event)
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent('message', { data })))
    }

    terminate() {
      this.frame.remove()
    }
  }

'use strict'

// An agent on loopback that keeps the spans it receives.

const http = require('node:http')
const { decode } = require('@msgpack/msgpack')

class Agent {
  #server
  #roots = []
  #waiting = []

  async start () {
    this.#server = http.createServer((req, res) => {
      const pieces = []
      req.on('data', (piece) => pieces.push(piece))
      req.on('end', () => {
        res.setHeader('content-type', 'application/json')
        res.end(req.url === '/info' ? '{"endpoints": ["/v0.4/traces"]}' : '{}')
        if (req.url === '/v0.4/traces') this.#take(decode(Buffer.concat(pieces)))
      })
    })
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${this.#server.address().port}`
  }

  #take (traces) {
    this.#roots.push(...traces.flat().filter((span) => span.name === 'express.request' || span.name === 'web.request'))
    this.#waiting.splice(0).forEach((wake) => wake())
  }

  /** The span of the request with this number in its address. */
  async root (number) {
    const deadline = Date.now() + 20_000
    for (;;) {
      const found = this.#roots.find((span) => span.meta['http.url'].endsWith(`number=${number}`))
      if (found !== undefined) return found
      if (Date.now() > deadline) throw new Error(`no span of request ${number} came`)
      await new Promise((resolve) => { this.#waiting.push(resolve); setTimeout(resolve, 1000).unref() })
    }
  }

  stop () {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

module.exports = { Agent }

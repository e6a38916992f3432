'use strict'

const native = require('./native')
const sdk = require('./sdk')
const { WHOLE, withEncoded } = require('./encode')
const { ArgumentError } = require('./errors')

/** Calls `target`, and gives its answer in JSON as a value, an error as an exception. */
function call (target, name, args) {
  const result = withEncoded(args, WHOLE, false, (bytes) => JSON.parse(target.call(String(name), bytes)))
  if (result.error !== undefined) throw new ArgumentError(result.error)
  return result
}

/** The engine of a process: rules, remote configuration, denylist and limits. */
class Engine {
  #native

  constructor (rules, { enabled = true, ...settings } = {}) {
    const all = { rules, enabled, host: 'javascript', ...settings }
    this.#native = withEncoded(all, WHOLE, false, (bytes) => new native.NativeEngine(bytes))
  }

  get report () {
    return JSON.parse(this.#native.report)
  }

  call (name, args = {}) {
    return call(this.#native, name, args)
  }

  applyRemote ({ removed = [], changed = [] }) {
    return this.call('apply_remote', { removed, changed })
  }

  block ({ user, ip, seconds }) {
    return this.call('block', { user, ip, seconds })
  }

  extend ({ user, ip, seconds }) {
    return this.call('extend', { user, ip, seconds }).done
  }

  unblock ({ user, ip }) {
    return this.call('unblock', { user, ip }).done
  }

  request (span) {
    return new ServedRequest(this.#native.request(), span)
  }
}

/** A request served by an engine: the functions of `sdk` called in it report to it. */
class ServedRequest extends sdk.Request {
  #native
  blocked = false

  constructor (request, span) {
    super({ span })
    this.#native = request
  }

  /** Runs a function about users; `blocked` in the answer asks to end the request. */
  call (name, args = {}) {
    const answer = this.#tagged(name, args)
    return {
      accepted: answer.outcome === 'ok',
      meta: answer.meta,
      metrics: answer.metrics,
      keep: answer.keep,
      addresses: answer.waf[0] ?? {},
      telemetry: answer.telemetry,
      warnings: answer.warnings,
      result: null,
      blocked: answer.blocked
    }
  }

  start (parts) {
    return this.#evaluate('start', parts)
  }

  evaluate (addresses) {
    return this.#evaluate('run', { addresses })
  }

  response (status, headers) {
    return this.#evaluate('response', { status, headers })
  }

  isUserBlocked (user) {
    return this.#evaluate('is_user_blocked', { user })
  }

  /** From now on the request is to be blocked. */
  requestBlock () {
    return this.#evaluate('block_request', {})
  }

  blockResponse (args = {}) {
    return call(this.#native, 'block_response', args)
  }

  /** Writes all tags of the request to its span. */
  finish (args = {}) {
    return this.#tagged('finish', args)
  }

  #evaluate (name, args) {
    const { blocked } = call(this.#native, name, args)
    this.blocked ||= blocked
    return blocked
  }

  #tagged (name, args) {
    const answer = call(this.#native, name, args)
    this.blocked ||= answer.blocked === true
    for (const [tag, value] of Object.entries({ ...answer.meta, ...answer.metrics })) this.tag(tag, value)
    if (answer.keep) this.tag('manual.keep', 'true')
    return answer
  }

  tag (name, value) {
    if (typeof this.span?.setTag === 'function') this.span.setTag(name, value)
    else if (typeof this.span?.setAttribute === 'function') this.span.setAttribute(name, value)
  }
}

/**
 * Protection of an Express (or plain connect) application: two middlewares, `begin` before the parsers of bodies and
 * `evaluate` after them. `span` returns the service-entry span of the request that is served; the settings say more of the
 * proxies in front of this application than the engine's settings of the same names.
 */
function protection (engine, span = () => undefined, { client_ip_header, trusted_proxies, ...unknown } = {}) {
  const [misspelt] = Object.keys(unknown)
  if (misspelt !== undefined) {
    throw new ArgumentError(`unknown setting \`${misspelt}\`; the settings are client_ip_header, trusted_proxies`)
  }
  const proxies = { client_ip_header, trusted_proxies }
  engine.call('client_ip', proxies) // unusable ones are an error now, not with each request

  function begin (req, res, next) {
    const request = engine.request(span(req))
    req.bartizan = request
    const { writeHead, write, end } = res
    let decided = false

    /** Writes the answer of a blocked request in place of the application's. */
    const respond = () => {
      decided = true
      const { status, headers, body } = request.blockResponse({ headers_sent: res.headersSent })
      if (status === undefined) return false
      for (const name of res.getHeaderNames()) res.removeHeader(name)
      writeHead.call(res, status, headers)
      end.call(res, body)
      return true
    }

    // The head is evaluated before it is sent; what the application writes after it was replaced goes nowhere.
    res.writeHead = function (status, ...rest) {
      if (!decided) {
        decided = true
        const given = rest.at(-1)
        if (typeof given === 'object' && given !== null) {
          for (const [name, value] of Object.entries(given)) res.setHeader(name, value)
        }
        if (request.response(status, headersOf(res.getHeaders()))) {
          respond()
          return res
        }
      }
      return res.headersSent ? res : writeHead.call(res, status, ...rest)
    }
    for (const [name, original] of [['write', write], ['end', end]]) {
      res[name] = function (...args) {
        if (!res.headersSent) res.writeHead(res.statusCode)
        return res.writableEnded ? res : original.apply(res, args)
      }
    }
    res.once('close', () => request.finish())
    req.blockRequest = () => {
      if (!request.blocked) request.requestBlock()
      return !res.headersSent && respond()
    }
    const blocked = request.start({
      method: req.method,
      url: req.originalUrl ?? req.url,
      headers: headersOf(req.headers),
      query: req.query,
      peer: req.socket.remoteAddress,
      ...proxies
    })
    if (blocked) respond()
    else sdk.run(request, next)
  }

  function evaluate (req, res, next) {
    const body = req.body
    const blocked = body !== undefined && req.bartizan.evaluate({ 'server.request.body': body })
    if (blocked) req.blockRequest()
    else sdk.run(req.bartizan, next)
  }

  return { begin, evaluate }
}

/** Numbers are text on the wire. */
function headersOf (headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : String(value)]))
}

module.exports = { Engine, ServedRequest, protection }

'use strict'

// A request and its response, of node:http or of the compatibility API of node:http2, on which all frameworks are built.
//
// Nothing is written here that the application did not write, unless the request is refused: the methods of the response are
// only watched, so that its bytes are those of the application alone.

const sdk = require('../sdk')
const { dropEnd, dropWrite, FailureBody, silence } = require('./answer')
const { emptyUnread, hasUnreadBody, holdBody } = require('./body')
const { keepContext } = require('./context')
const { headOf, responseHeaders, spellingOf } = require('./head')

const nothing = () => undefined

/** By request of the engine, which is what the application has. */
const exchanges = new WeakMap()

/** How failed logins spell the names of headers, for refusals that look like them. */
const spelled = new Map()

class Exchange {
  #req
  #res
  #originals
  #failure = new FailureBody()
  #sent
  /** Whether the head of the response was evaluated, or needs no evaluation. */
  #decided = false
  /** Whether the original `end` runs: that of HTTP/2 calls other methods of the response. */
  #ending = false
  /** Whether the response is ours. */
  replaced = false
  /** Called when the request ended without the application's response: it was answered, or its client left. */
  onEnded = nothing
  /** What frameworks made of the request and was evaluated, so that it is not evaluated again. */
  seen = { user: undefined, params: undefined, body: false, route: undefined }

  /** The exchange of a request of node:http, if it is protected. */
  static of (req) {
    return exchanges.get(req?.bartizan)
  }

  constructor (engine, req, res, { span = nothing } = {}) {
    this.#req = req
    this.#res = res
    this.request = engine.request(span(req), () => this.#refuse())
    const { writeHead, write, end, flushHeaders } = res
    this.#originals = { writeHead, write, end, flushHeaders }
    exchanges.set(this.request, this)
    req.bartizan = this.request
    req.blockRequest = () => this.block()
    this.#watch()
    keepContext(req, this.request)
    keepContext(res, this.request)
    let finished = false
    const finish = () => {
      if (!finished) this.request.end()
      finished = true
    }
    res.once('close', finish)
    if (res.stream !== undefined) res.once('finish', () => emptyUnread(req))
    // Responses without a connection are never closed.
    res.once('finish', () => setImmediate(finish))
  }

  /**
   * Runs an evaluation; whether it refuses the request. The application must not fail where it would not without us, so an
   * error in here is told, and the request goes on.
   */
  judge (evaluate) {
    try {
      return evaluate(this.request)
    } catch (error) {
      process.emitWarning(`a request could not be judged: ${error}`, 'BartizanWarning')
      return false
    }
  }

  /** Names the route that serves the request, for log lines. */
  route (route) {
    if (typeof route !== 'string' || route === this.seen.route) return
    this.seen.route = route
    this.judge((request) => request.route(route))
  }

  /** Evaluates the request, and calls `next`, or answers in its place. With `later`, the body is held while `next` runs. */
  begin (next, { proxies = {}, later = false } = {}) {
    const { request } = this
    const go = () => sdk.run(request, next)
    if (this.judge(() => request.head({ ...headOf(this.#req), ...proxies }))) return void this.replace()
    const judge = () => {
      if (!this.judge(() => request.bodyEnd())) return !this.replaced
      this.replace()
      return false
    }
    if (!hasUnreadBody(this.#req)) return go()
    if (!later) return holdBody(this.#req, request, judge, go, () => this.onEnded())
    holdBody(this.#req, request, judge, nothing, () => this.onEnded(), () => this.#leave())
    return go()
  }

  /** Ends a request whose body the application waits for, as if its client had left. */
  #leave () {
    if (this.#res.writableFinished) this.#req.destroy()
    else this.#res.once('finish', () => this.#req.destroy())
  }

  /** Refuses the request on behalf of the application; false if it is too late. */
  block () {
    if (!this.request.blocked) this.request.requestBlock()
    return (this.replaced || !this.#res.headersSent) && this.replace()
  }

  /** Evaluates more of the request; whether it was refused, and answered. */
  refused (evaluate) {
    if (!this.replaced && this.judge(evaluate)) this.#refuse()
    return this.replaced
  }

  /** A response that can no longer be replaced can still be aborted. */
  #refuse () {
    const res = this.#res
    if (this.replaced || res.writableEnded) return
    if (!this.replace()) res.destroy()
  }

  /** Writes the response of a blocked request in place of the application's; false if it is too late. */
  replace () {
    this.#decided = true
    if (this.replaced) return true
    const res = this.#res
    const { status, headers, body, delay_us: delay = 0 } = this.request.blockResponse({ headers_sent: res.headersSent })
    if (status === undefined) return false
    this.replaced = true
    this.onEnded()
    for (const name of res.getHeaderNames()) res.removeHeader(name)
    const named = Object.entries(headers).map(([name, value]) => [spelled.get(name.toLowerCase()) ?? name, value])
    const restore = silence(res)
    const send = () => {
      if (res.destroyed) return
      restore() // `writeHead` itself may use these.
      if (res.stream === undefined) res.statusMessage = undefined
      this.#originals.writeHead.call(res, status, Object.fromEntries(named))
      this.#end(body)
      silence(res)
    }
    // The response to a failed login comes as late as the application's own would.
    if (delay > 0) setTimeout(send, delay / 1000)
    else send()
    return true
  }

  #end (...args) {
    this.#ending = true
    try {
      return this.#originals.end.apply(this.#res, args)
    } finally {
      this.#ending = false
    }
  }

  /** Evaluates the head that is about to be sent; whether it was replaced. */
  #evaluateHead (status, given) {
    if (this.#decided || this.#res.headersSent) return this.replaced
    this.#decided = true
    const headers = responseHeaders(this.#res.getHeaders(), given)
    this.#sent = { status, headers, given }
    if (this.judge(() => this.request.response(status, headers))) this.replace()
    return this.replaced
  }

  #watch () {
    const res = this.#res
    const { writeHead, write, end, flushHeaders } = this.#originals
    res.writeHead = (...args) => {
      if (this.#ending) return writeHead.apply(res, args)
      const given = typeof args[1] === 'string' ? args[2] : args[2] ?? args[1]
      return this.#evaluateHead(args[0] | 0, given) ? res : writeHead.apply(res, args)
    }
    res.flushHeaders = () => this.#evaluateHead(res.statusCode) ? undefined : flushHeaders.call(res)
    res.write = (...args) => {
      if (this.#ending) return write.apply(res, args)
      if (this.#evaluateHead(res.statusCode)) return dropWrite(res, args)
      if (this.request.loginFailed) this.#failure.add(...args)
      return write.apply(res, args)
    }
    res.end = (...args) => {
      if (!this.replaced && res.writableEnded) return end.apply(res, args)
      if (this.#evaluateHead(res.statusCode)) {
        dropEnd(res, args)
        return res
      }
      if (this.request.loginFailed) this.#learn(args)
      return this.#end(...args)
    }
  }

  /** Shows the response to a failed login to the engine, so that refusals can look like it. */
  #learn (args) {
    this.#failure.add(...args)
    const body = this.#failure.text()
    if (this.#sent === undefined || body === undefined) return
    const { status, headers, given } = this.#sent
    for (const [name, spelling] of spellingOf(this.#res, given)) spelled.set(name, spelling)
    this.request.learnLoginFailure(status, headers, body)
  }
}

module.exports = { Exchange }

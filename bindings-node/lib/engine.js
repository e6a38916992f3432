'use strict'

const { fileURLToPath } = require('node:url')
const { headOf, holdBody } = require('./body')
const native = require('./native')
const { reportOf, tagAnswer } = require('./report')
const sdk = require('./sdk')
const { detectorOf } = require('./takeover')
const { Watch, currentSpan, withoutHooks } = require('./watch')
const { withArguments } = require('./arguments')
const { WHOLE, withEncoded } = require('./encode')
const { ArgumentError, Blocked, ConfigurationError, diagnosticsOf, only, warn, wrongDocument } = require('./errors')

/** Calls `target`, parses its JSON result, and throws its error. */
function call (target, name, args) {
  return checked(withEncoded(args, WHOLE, false, (bytes) => JSON.parse(target.call(String(name), bytes))))
}

/** The same for a request: encoding its arguments counts towards the budget of the evaluation they lead to. */
function callWithin (budget, target, name, args) {
  return checked(withArguments(args, budget, (buffer, length, elapsed) => {
    const left = Math.max(budget - elapsed, 0)
    return JSON.parse(target.call(String(name), buffer.subarray(0, length), left))
  }))
}

function checked (result) {
  if (result.error !== undefined) throw new ArgumentError(result.error)
  return result
}

/** The environment variables that may matter. */
function variables () {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(DD|BARTIZAN)_/.test(name)))
}

/** The native half of an engine. */
function nativeEngine (settings) {
  const made = withEncoded(settings, WHOLE, true, (bytes) => new native.NativeEngine(bytes))
  const { error, diagnostics } = JSON.parse(made.report)
  if (error === undefined) return made
  if (diagnostics === undefined) throw new ArgumentError(error)
  const wrong = typeof settings.rules === 'string' ? undefined : wrongDocument(settings.rules)
  throw new ConfigurationError(wrong === undefined ? error : `the rules cannot be used: ${wrong}`, diagnosticsOf(diagnostics))
}

/** The engine of a process: rules, remote configuration, denylist and limits. */
class Engine {
  #native
  #watch
  #rules
  #takeover

  constructor (rules, settings = {}) {
    this.#watch = new Watch(settings ?? {})
    this.#rules = rules instanceof URL ? fileURLToPath(rules) : rules
    const given = withoutHooks(settings ?? {})
    this.#native = nativeEngine({ rules: this.#rules, host: 'javascript', environment: variables(), ...given })
    warn(this.#native.doubts)
    const detector = this.#native.takeover()
    const { takeover_diagnostics: diagnostics, warnings } = this.report
    const said = diagnostics && diagnosticsOf(diagnostics)
    this.#takeover = detector && detectorOf(detector, given.clock, said)
    if (said && Object.values(said).some(({ error, failed }) => error || failed?.length > 0)) {
      warn(`the document about account takeover has errors: ${JSON.stringify(said)}`)
    }
    warnings.forEach(warn)
  }

  get report () {
    return JSON.parse(this.#native.report)
  }

  get diagnostics () {
    return diagnosticsOf(this.report.diagnostics)
  }

  get warnings () {
    return JSON.parse(this.#native.warnings())
  }

  /** The detector of account takeover, or null where detection is turned off. */
  get takeover () {
    return this.#takeover
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

  /** Replaces the rules of the beginning; without any, takes them again, and reads their file anew. */
  reload (rules = this.#rules) {
    return this.call('reload', { rules: rules instanceof URL ? fileURLToPath(rules) : rules }).diagnostics
  }

  /** Adds a document beside the rules, or replaces the one under this path. */
  update (path, document) {
    return this.call('update', { path, document })
  }

  remove (path) {
    return this.call('remove', { path }).removed
  }

  exclude (exclusion) {
    return this.call('exclude', exclusion).id
  }

  include (id) {
    return this.call('include', { id }).found
  }

  metrics () {
    return this.call('metrics').metrics
  }

  prometheus () {
    return this.call('prometheus').text
  }

  request (span, onBlocked = undefined) {
    return new ServedRequest(this.#native.request(), this.#native.budget, span ?? currentSpan(), onBlocked, this.#watch)
  }
}

let processEngine

/** The engine of the process for whoever was given none, made on first use from the environment. */
function defaultEngine () {
  processEngine ??= new Engine()
  return processEngine
}

/** A request served by an engine: the functions of `sdk` called in it report to it. */
class ServedRequest extends sdk.Request {
  #native
  #budget
  #watch
  #loginFailed = false
  #stepUp = false
  #onBlocked
  blocked = false
  bodyRead = false

  constructor (request, budget, span, onBlocked, watch) {
    super({ span })
    this.#watch = watch
    this.#native = request
    this.#budget = budget
    this.#onBlocked = onBlocked
  }

  /** Runs a function about users. If the user is refused, the request ends. */
  call (name, args = {}) {
    const answer = this.#tagged(name, args)
    if (answer.blocked) this.#end(name)
    return { ...reportOf(answer, null), blocked: answer.blocked }
  }

  /** Evaluates more of the request, by address. If it is refused, it ends. */
  run (addresses) {
    if (this.#evaluate('run', { addresses })) this.#end('run')
    return null
  }

  /** Evaluates a business event. If the request is refused, it ends. */
  submitBusinessLogic (name, values) {
    if (this.#evaluate('business_event', { name, values })) this.#end(name)
    return null
  }

  #end (name) {
    if (this.#onBlocked === undefined) throw new Blocked(`the request is blocked by ${name}`)
    this.#onBlocked()
  }

  start (parts) {
    return this.#evaluate('start', parts)
  }

  head (parts) {
    return this.#evaluate('head', parts)
  }

  body (piece) {
    return this.#native.body(piece)
  }

  bodyEnd () {
    const answer = this.#ask('body_end', {})
    this.bodyRead = !answer.incomplete.some((reason) => reason === 'body' || reason === 'body_cut')
    return this.#heed(answer)
  }

  /** Evaluates a message of a websocket by itself. */
  message (data) {
    return this.#evaluate('message', { data })
  }

  /** `bodyUnparsed` says why the body could not be parsed. */
  evaluate (addresses, bodyUnparsed) {
    return this.#evaluate('run', { addresses, body_unparsed: bodyUnparsed })
  }

  response (status, headers) {
    return this.#evaluate('response', { status, headers })
  }

  /** Whether a login failed in this request; known once the head of the response has been evaluated. */
  get loginFailed () {
    return this.#loginFailed
  }

  learnLoginFailure (status, headers, body) {
    return this.#ask('learn_login_failure', { status, headers, body }).learned
  }

  /** Whether the login attempt must pass a further step before the password is checked. */
  get stepUp () {
    return this.#stepUp
  }

  /** Assesses a login attempt before the password is checked. If it is refused, the request ends. */
  assess (login, user) {
    const { decision, score, reasons, blocked } = this.#ask('assess', { login, user })
    this.#stepUp ||= decision === 'step_up'
    this.blocked ||= blocked
    if (blocked) this.#end('assess')
    return { decision, score, reasons }
  }

  /** This only asks; it does not end the request. */
  isUserBlocked (user, sessionId) {
    return this.#ask('is_user_blocked', { user, session_id: sessionId }).blocked
  }

  /** Blocks the request from now on. */
  requestBlock () {
    return this.#evaluate('block_request', {})
  }

  blockResponse (args = {}) {
    return this.#ask('block_response', args)
  }

  /** Writes all tags of the request to its span. */
  finish (args = {}) {
    const report = this.#tagged('finish', args)
    for (const line of report.log) process.emitWarning(line, 'BartizanWarning')
    return report
  }

  /** Names the route of the application that serves the request, for log lines. */
  route (route) {
    this.#ask('route', { route })
  }

  #ask (name, args) {
    const { notices, ...answer } = callWithin(this.#budget, this.#native, name, args)
    if (notices !== undefined) this.#watch?.tell(notices)
    return answer
  }

  #evaluate (name, args) {
    return this.#heed(this.#ask(name, args))
  }

  #heed ({ blocked, login_failed: failed, step_up: stepUp }) {
    this.#stepUp ||= stepUp === true
    this.blocked ||= blocked
    this.#loginFailed ||= failed === true
    return blocked
  }

  #tagged (name, args) {
    const answer = this.#ask(name, args)
    this.blocked ||= answer.blocked === true
    this.#stepUp ||= answer.step_up === true
    tagAnswer(this.span, answer)
    return answer
  }
}

// The largest response to a failed login from which the engine learns.
const LARGEST_FAILURE = 1 << 16

/** The body of a response to a failed login, unless it is larger than what the engine learns from. */
class FailureBody {
  #parts = []
  #length = 0

  add (part, encoding) {
    if (part === undefined || part === null || typeof part === 'function') return
    const bytes = typeof part === 'string' ? Buffer.from(part, typeof encoding === 'string' ? encoding : 'utf8') : part
    this.#length += bytes.length
    if (this.#length <= LARGEST_FAILURE) this.#parts.push(bytes)
  }

  text () {
    return this.#length <= LARGEST_FAILURE ? Buffer.concat(this.#parts).toString() : undefined
  }
}

/** The methods of a response that throw after it was sent. */
const HEADER_CALLS = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader', 'flushHeaders']

/**
 * Protects an Express (or plain connect) application with two middlewares, `begin` before the body parsers and `evaluate`
 * after them. `span` returns the service-entry span of the current request; the settings override the engine's settings of
 * the same names for this application.
 */
function protection (engine, span = () => undefined, proxies = {}) {
  only(proxies, ['client_ip_header', 'trusted_proxies'])
  engine.call('client_ip', proxies) // invalid settings fail now, not with each request

  // How failed logins spell the names of headers, for refusals that look like them.
  const spelled = new Map()

  function begin (req, res, next) {
    const request = engine.request(span(req), () => endRequest())
    req.bartizan = request
    const { writeHead, write, end } = res
    let decided = false
    let answered = false

    /** A response that can no longer be replaced can still be aborted. */
    const endRequest = () => {
      if (!decided) respond()
      else if (!res.writableEnded && !respond()) res.destroy()
    }

    /** Writes the response of a blocked request in place of the application's. */
    const respond = () => {
      decided = true
      if (answered) return true
      const { status, headers, body, delay_us: delay = 0 } = request.blockResponse({ headers_sent: res.headersSent })
      if (status === undefined) return false
      answered = true
      for (const name of res.getHeaderNames()) res.removeHeader(name)
      const named = Object.entries(headers).map(([name, value]) => [spelled.get(name.toLowerCase()) ?? name, value])
      const originals = HEADER_CALLS.map((name) => [name, res[name]])
      const send = () => {
        if (res.destroyed) return
        // `writeHead` itself may use these.
        for (const [name, original] of originals) res[name] = original
        writeHead.call(res, status, Object.fromEntries(named))
        end.call(res, body)
        silence()
      }
      const silence = () => {
        for (const name of HEADER_CALLS) res[name] = () => res
      }
      // The response to a failed login comes as late as the application's own would.
      if (delay > 0) setTimeout(send, delay / 1000)
      else send()
      // The application may go on, and these methods would throw.
      silence()
      return true
    }

    // The head is evaluated before it is sent; what the application writes after a replacement is dropped.
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
    const failure = new FailureBody()
    for (const [name, original] of [['write', write], ['end', end]]) {
      res[name] = function (...args) {
        if (!res.headersSent) res.writeHead(res.statusCode)
        if (res.writableEnded) return res
        if (request.loginFailed && !answered) {
          failure.add(...args)
          const body = name === 'end' ? failure.text() : undefined
          for (const header of res.getRawHeaderNames()) spelled.set(header.toLowerCase(), header)
          if (body !== undefined) request.learnLoginFailure(res.statusCode, headersOf(res.getHeaders()), body)
        }
        return original.apply(res, args)
      }
    }
    res.once('close', () => request.finish())
    req.blockRequest = () => {
      if (!request.blocked) request.requestBlock()
      return !res.headersSent && respond()
    }
    if (request.head({ ...headOf(req), ...proxies })) {
      respond()
      return
    }
    holdBody(req, request, (held) => {
      if (held && request.bodyEnd()) respond()
      else sdk.run(request, next)
    })
  }

  function evaluate (req, res, next) {
    if (req.bartizan.bodyRead) {
      sdk.run(req.bartizan, next)
      return
    }
    const body = req.body
    const unparsed = whyUnparsed(req)
    const told = body !== undefined || unparsed !== undefined
    const blocked = told && req.bartizan.evaluate(body === undefined ? {} : { 'server.request.body': body }, unparsed)
    if (blocked) req.blockRequest()
    else sdk.run(req.bartizan, next)
  }

  return { begin, evaluate }
}

/** Why the application's parsers did not parse the body, if so. */
function whyUnparsed ({ headers, body }) {
  const sent = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  const kind = (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase()
  // Parsers that ignore a body leave nothing or an empty object, which may also be parsed JSON.
  const empty = body === undefined ||
    (typeof body === 'object' && body !== null && Object.keys(body).length === 0 && !kind.endsWith('json'))
  return sent && empty ? `no parser of the application takes '${kind}'` : undefined
}

/** Converts header values to text, as on the wire. */
function headersOf (headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : String(value)]))
}

module.exports = { Engine, ServedRequest, defaultEngine, nativeEngine, protection }

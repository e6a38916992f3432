'use strict'

const { fileURLToPath } = require('node:url')
const native = require('./native')
const { attach, reportOf, tagAnswer } = require('./report')
const sdk = require('./sdk')
const { captured, LARGEST_NUMBER } = require('./stack')
const { detectorOf } = require('./takeover')
const { Watch, currentSpan, withoutHooks } = require('./watch')
const { withArguments } = require('./arguments')
const { WHOLE, withEncoded } = require('./encode')
const { ArgumentError, Blocked, ConfigurationError, diagnosticsOf, warn, wrongDocument } = require('./errors')

/** Calls `target`, parses its JSON result, and throws its error. */
function call (target, name, args) {
  return checked(withEncoded(args, WHOLE, false, (bytes) => JSON.parse(target.call(String(name), bytes))))
}

/** What an evaluation without a finding comes to; the native half does not spell it out. */
const NOTHING = Object.freeze({
  blocked: false, actions: Object.freeze({}), attributes: Object.freeze({}), incomplete: Object.freeze([]), log: Object.freeze([])
})

/** The same for a request: encoding its arguments counts towards the budget of the evaluation they lead to. */
function callWithin (budget, target, name, args) {
  const said = withArguments(args, budget, (buffer, length, elapsed) => {
    const left = Math.max(budget - elapsed, 0)
    return target.callBriefly(String(name), buffer.subarray(0, length), left)
  })
  return said === null ? NOTHING : checked(JSON.parse(said))
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
  // Without rules, those of the environment are meant.
  const wrong = typeof (settings.rules ?? '') === 'string' ? undefined : wrongDocument(settings.rules)
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

  /** The same beside the event loop, as building rules takes its time. */
  async applyRemoteLater ({ removed = [], changed = [] }) {
    const answer = withEncoded({ removed, changed }, WHOLE, false, (bytes) => this.#native.callLater('apply_remote', bytes))
    return checked(JSON.parse(await answer))
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
    const { id, warnings } = this.call('exclude', exclusion)
    warnings.forEach(warn)
    return id
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

const warnOf = (line) => process.emitWarning(line, 'BartizanWarning')

/** A request served by an engine: the functions of `sdk` called in it report to it. */
class ServedRequest extends sdk.Request {
  #native
  #budget
  #watch
  #loginFailed = false
  #stepUp = false
  #onBlocked
  #stacks = []
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

  /** Evaluates a dangerous call before it is made. If it is refused, the request ends, and `Blocked` is thrown. */
  operation (addresses) {
    const answer = this.#ask('operation', { addresses })
    this.#heed(answer)
    const asked = answer.actions?.generate_stack
    if (asked !== undefined && (this.#stacks.length < LARGEST_NUMBER || LARGEST_NUMBER === 0)) {
      const stack = captured(asked.stack_id)
      if (stack !== undefined) this.#stacks.push(stack)
    }
    if (!answer.blocked) return
    this.#end('operation')
    throw new Blocked('the request is blocked by operation')
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

  /**
   * Writes all tags of the request to its span. The stacks of calls that a rule asked for are in `stack` of the report, and in
   * the structured field `_dd.stack` of spans that have such fields; others get it as JSON.
   */
  finish (args = {}) {
    const report = this.#tagged('finish', args)
    if (this.#stacks.length > 0) {
      report.stack = { exploit: this.#stacks }
      attach(this.span, '_dd.stack', report.stack)
      this.#stacks = []
    }
    report.log.forEach(warnOf)
    return report
  }

  /** The same where nobody reads the report, which is made only for a span. */
  end () {
    if (this.span !== undefined && this.span !== null) this.finish()
    else this.#ask('end', {}).log.forEach(warnOf)
  }

  /** Names the route of the application that serves the request, for log lines. */
  route (route) {
    this.#native.route(String(route))
  }

  #ask (name, args) {
    const answer = callWithin(this.#budget, this.#native, name, args)
    const { notices } = answer
    if (notices !== undefined) {
      delete answer.notices
      this.#watch?.tell(notices)
    }
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

module.exports = { Engine, ServedRequest, defaultEngine, nativeEngine }

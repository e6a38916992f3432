'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const native = require('./native')
const { WHOLE, withEncoded } = require('./encode')
const { ArgumentError, only } = require('./errors')
const { reportOf, tag, tagAnswer } = require('./report')
const { Result } = require('./result')
const { within } = require('./waf')

/** Arguments are converted as a whole, up to high limits. */
const ARGUMENTS = { ...WHOLE, textBytes: 64 << 20 }

/** Parses a JSON result, and throws its error. */
function read (json) {
  const result = JSON.parse(json)
  if (result.error !== undefined) throw new ArgumentError(result.error)
  return result
}

function call (name, args = {}) {
  return withEncoded(args, ARGUMENTS, false, (bytes) => read(native.sdkCall(String(name), bytes)))
}

const functions = Object.freeze(native.sdkFunctions())

class Service {
  #native

  constructor (settings = {}) {
    this.#native = withEncoded(settings, ARGUMENTS, false, (bytes) => new native.NativeService(bytes))
  }

  call (name, args = {}) {
    return withEncoded(args, ARGUMENTS, false, (bytes) => read(this.#native.call(String(name), bytes)))
  }
}

class Request {
  /** Made by the first call, as requests of an engine need none. */
  #scope

  constructor (options = {}) {
    only(options, ['span', 'context', 'mode'])
    const { span, context, mode = 'identification' } = options
    this.span = span
    this.context = context
    this.mode = mode
  }

  call (name, args = {}) {
    const [answer, result] = this.#call(name, args)
    tagAnswer(this.span, answer)
    return reportOf(answer, this.#tagged(result))
  }

  run (addresses) {
    if (!this.context || Object.keys(addresses).length === 0) return null
    return this.#tagged(this.context.run(addresses))
  }

  /** The engine's result, and what it found in the context. */
  #call (name, args) {
    const [context, budget] = within(this.context)
    const given = { ...args, mode: this.mode, host: 'javascript' }
    this.#scope ??= new native.NativeScope()
    const ask = (bytes) => this.#scope.call(String(name), bytes, context, budget)
    const [answer, reply] = withEncoded(given, ARGUMENTS, false, ask)
    return [read(answer), reply === null ? null : new Result(reply)]
  }

  #tagged (result) {
    if (result !== null) tag(this.span, result.attributes)
    return result
  }

  setUser (user, { propagate = false } = {}) {
    return this.call('set_user', { user, propagate })
  }

  trackUserLoginSuccess (login, user, metadata) {
    return this.call('track_user_login_success', { login, user, metadata })
  }

  trackUserLoginFailure (login, exists, metadata) {
    return this.call('track_user_login_failure', { login, exists, metadata })
  }

  trackUserSignup (login, user, metadata) {
    return this.call('track_signup', { login, user, metadata })
  }

  trackCustomEvent (name, metadata) {
    return this.call('track_custom_event', { name, metadata })
  }

  trackUserLoginSuccessEvent (user, metadata) {
    return this.call('track_user_login_success_event', { user, metadata })
  }

  trackUserLoginFailureEvent (userId, exists, metadata) {
    return this.call('track_user_login_failure_event', { user_id: userId, exists, metadata })
  }

  trackUserSignupEvent (user, success = true, login = undefined) {
    return this.call('track_user_signup_event', { user, success, login })
  }

  submitBusinessLogic (name, values) {
    return this.run({ [`server.business_logic.${name}`]: values })
  }

  isUserBlocked (user, sessionId) {
    const [{ blocked }] = this.#call('is_user_blocked', { user, session_id: sessionId })
    return blocked
  }
}

/** Replaces the request where none is open: calls are checked, and reported as ignored. */
class Nobody extends Request {
  call (name, args = {}) {
    return super.call(name, { ...args, request: false })
  }
}

const storage = new AsyncLocalStorage()

/** Calls `callback`; functions called in it or in its asynchronous continuations report to this request. */
function run (request, callback) {
  return storage.run(request, callback)
}

/** The current request, if there is one. */
const current = () => storage.getStore()

/** A method of the current request, or of a placeholder. */
const ofCurrent = (method) => (...args) => (current() ?? new Nobody())[method](...args)

module.exports = {
  call,
  functions,
  Service,
  Request,
  run,
  current,
  setUser: ofCurrent('setUser'),
  trackUserLoginSuccess: ofCurrent('trackUserLoginSuccess'),
  trackUserLoginFailure: ofCurrent('trackUserLoginFailure'),
  trackUserSignup: ofCurrent('trackUserSignup'),
  trackCustomEvent: ofCurrent('trackCustomEvent'),
  trackUserLoginSuccessEvent: ofCurrent('trackUserLoginSuccessEvent'),
  trackUserLoginFailureEvent: ofCurrent('trackUserLoginFailureEvent'),
  trackUserSignupEvent: ofCurrent('trackUserSignupEvent'),
  submitBusinessLogic: ofCurrent('submitBusinessLogic'),
  isUserBlocked: ofCurrent('isUserBlocked'),
  stepUp: () => current()?.stepUp === true
}

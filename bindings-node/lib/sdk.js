'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const native = require('./native')
const { WHOLE, withEncoded } = require('./encode')
const { ArgumentError, only } = require('./errors')

/** Arguments are taken whole, within reason. */
const ARGUMENTS = { ...WHOLE, textBytes: 64 << 20 }

/** Of an answer in JSON, the value; of an error, an exception. */
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
  #scope = null

  constructor (options = {}) {
    only(options, ['span', 'context', 'mode'])
    const { span, context, mode = 'identification' } = options
    this.span = span
    this.context = context
    this.mode = mode
  }

  call (name, args = {}) {
    const answer = call(name, { ...args, mode: this.mode, scope: this.#scope, host: 'javascript' })
    this.#scope = answer.scope
    for (const [tag, value] of Object.entries({ ...answer.meta, ...answer.metrics })) this.#tag(tag, value)
    if (answer.keep) this.#tag('manual.keep', 'true')
    const addresses = answer.waf[0] ?? {}
    return {
      accepted: answer.outcome === 'ok',
      meta: answer.meta,
      metrics: answer.metrics,
      keep: answer.keep,
      addresses,
      telemetry: answer.telemetry,
      warnings: answer.warnings,
      result: this.run(addresses)
    }
  }

  run (addresses) {
    if (!this.context || Object.keys(addresses).length === 0) return null
    const result = this.context.run(addresses)
    for (const [tag, value] of Object.entries(result.attributes)) this.#tag(tag, value)
    return result
  }

  #tag (name, value) {
    if (typeof this.span?.setTag === 'function') this.span.setTag(name, value)
    else if (typeof this.span?.setAttribute === 'function') this.span.setAttribute(name, value)
  }

  setUser (user, { propagate = false } = {}) {
    return this.call('set_user', { user, propagate })
  }

  trackUserLoginSuccess (login, user, metadata) {
    return this.call('track_user_login_success', { login, user, metadata })
  }

  trackUserLoginFailure (login, exists = false, metadata = undefined) {
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

  isUserBlocked (user, sessionId = undefined) {
    const { addresses } = call('user_addresses', { user, session_id: sessionId, host: 'javascript' })
    if (!this.context || Object.keys(addresses).length === 0) return false
    return this.context.subcontext().run(addresses).blocked
  }
}

/** What stands in for a request where none is open: calls are checked, and answered as ignored. */
class Nobody extends Request {
  call (name, args = {}) {
    return super.call(name, { ...args, request: false })
  }
}

const storage = new AsyncLocalStorage()

/** Calls `callback`; functions called in it, however later, report to this request. */
function run (request, callback) {
  return storage.run(request, callback)
}

/** Of the current request, or of one that reports to nobody. */
const ofCurrent = (method) => (...args) => (storage.getStore() ?? new Nobody())[method](...args)

module.exports = {
  call,
  functions,
  Service,
  Request,
  run,
  setUser: ofCurrent('setUser'),
  trackUserLoginSuccess: ofCurrent('trackUserLoginSuccess'),
  trackUserLoginFailure: ofCurrent('trackUserLoginFailure'),
  trackUserSignup: ofCurrent('trackUserSignup'),
  trackCustomEvent: ofCurrent('trackCustomEvent'),
  trackUserLoginSuccessEvent: ofCurrent('trackUserLoginSuccessEvent'),
  trackUserLoginFailureEvent: ofCurrent('trackUserLoginFailureEvent'),
  isUserBlocked: ofCurrent('isUserBlocked')
}

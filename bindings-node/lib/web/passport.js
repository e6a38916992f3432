'use strict'

// Logins through passport, reported as its strategies decide them.

const sdk = require('../sdk')
const { onModule } = require('../modules')
const { Exchange } = require('./exchange')
const { identityOf, noteUser } = require('./user')

const FRAMEWORK = 'passport'
const wrapped = new WeakSet()

/** Watches the strategies of passport, whether it is loaded already or later. */
function watchLogins () {
  onModule('passport', (passport) => {
    const prototype = passport.Passport?.prototype
    if (typeof prototype?.use !== 'function') return false
    const { use } = prototype
    prototype.use = function (name, strategy) {
      watch(strategy ?? name)
      return use.apply(this, arguments)
    }
    // Where a request gets a strategy that was registered before.
    const { _strategy: find } = prototype
    if (typeof find === 'function') {
      prototype._strategy = function (name) {
        const strategy = find.call(this, name)
        watch(strategy)
        return strategy
      }
    }
    return true
  })
}

/** Passport calls `authenticate` on an object made of the strategy, which has the functions for the outcome. */
function watch (strategy) {
  if (typeof strategy?.authenticate !== 'function' || wrapped.has(strategy)) return
  wrapped.add(strategy)
  const { authenticate } = strategy
  strategy.authenticate = function (req, options) {
    const exchange = Exchange.of(req)
    if (exchange === undefined) return authenticate.call(this, req, options)
    const login = loginOf(this, req, options)
    for (const [outcome, report] of Object.entries(login === undefined ? USERS : LOGINS)) {
      const original = this[outcome]
      if (typeof original !== 'function') continue
      this[outcome] = (...args) => sdk.run(exchange.request, () => {
        report(exchange, req, login, args)
        return exchange.replaced ? undefined : original.apply(this, args)
      })
    }
    return authenticate.call(this, req, options)
  }
}

/** Strategies in which somebody logs in. */
const LOGINS = {
  success (exchange, req, { login }, [user]) {
    exchange.judge((request) => request.call('auto_login_success', { framework: FRAMEWORK, login, user: identityOf(user) }).blocked)
    exchange.seen.user = user
  },
  fail (exchange, req, { login }) {
    if (login !== undefined) exchange.judge((request) => request.call('auto_login_failure', { framework: FRAMEWORK, login }).blocked)
  }
}

/** Those in which each request shows who it is from: sessions and tokens. */
const USERS = {
  success: (exchange, req, login, [user]) => noteUser(exchange, FRAMEWORK, user),
  pass: (exchange, req) => noteUser(exchange, FRAMEWORK, req.user, req.sessionID)
}

/** The login that is attempted, in an object; undefined where the strategy logs nobody in. */
function loginOf (strategy, req, options) {
  if (typeof strategy._usernameField === 'string') {
    const field = strategy._usernameField
    return { login: textOf(fieldOf(req.body, field)) ?? textOf(fieldOf(req.query, field)) }
  }
  if (strategy.name === 'basic') return { login: basicLogin(req) }
  // Another service logged the user in, and sends the browser back with the outcome.
  const returns = strategy._oauth2 !== undefined || strategy._oauth !== undefined || strategy._saml !== undefined
  return returns || options?.samlFallback !== undefined ? { login: undefined } : undefined
}

/** Fields of forms may be nested: `user[email]`. */
function fieldOf (object, path) {
  return path.split(/[[\]]+/).filter(Boolean).reduce((inner, name) => inner?.[name], object)
}

function basicLogin ({ headers }) {
  const [, encoded] = /^basic +(\S+)/i.exec(headers.authorization ?? '') ?? []
  return encoded === undefined ? undefined : textOf(Buffer.from(encoded, 'base64').toString().split(':')[0])
}

const textOf = (value) => typeof value === 'string' && value !== '' ? value : undefined

module.exports = { watchLogins }

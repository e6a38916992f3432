'use strict'

// The user of a request, as frameworks have it.

/** Where an id or login may be, in the order in which the engine looks. */
const FIELDS = ['id', '_id', 'email', 'username', 'login', 'user']

/** Reports who the authenticated user is, once for each; whether the request was refused. */
function noteUser (exchange, framework, user, sessionId) {
  if (user === undefined || user === null || user === exchange.seen.user) return exchange.replaced
  exchange.seen.user = user
  exchange.judge((request) => request.call('auto_user', { framework, user: identityOf(user), session_id: textOf(sessionId) }).blocked)
  return exchange.replaced
}

/** What identifies a user. Models have it in getters and prototypes, beside much that must not be read. */
function identityOf (user) {
  if (typeof user !== 'object' || user === null) return user
  const fields = {}
  for (const field of FIELDS) {
    try {
      const value = user[field]
      if (value !== undefined) fields[field] = scalarOf(value)
    } catch {
      // A field that cannot be read identifies nobody.
    }
  }
  return fields
}

/** Ids of databases are often objects with a text. */
function scalarOf (value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return value.toString === Object.prototype.toString ? null : String(value)
}

const textOf = (value) => typeof value === 'string' ? value : undefined

module.exports = { identityOf, noteUser }

'use strict'

// A login application in Express that uses the calls known from tracers, with one route that reports nothing.

const express = require('express')
const { sdk } = require('bartizan')

const USERS = { 'bob@example.org': { id: 'u-1', name: 'Bob', password: 'correct' } }
for (let n = 0; n < 400; n++) USERS[`member${n}@example.org`] = { id: `m-${n}`, name: 'Ann', password: `secret ${n}` }
// What an application would send by mail.
const CODE = '314159'

/** `begin` and `evaluate` are the two halves of the protection, before and after the body parser. */
module.exports = function makeApp ({ begin, evaluate }) {
  const app = express()
  app.use(begin, express.urlencoded({ extended: false }), evaluate)

  app.get('/', (req, res) => res.send('hello'))

  app.get('/me', (req, res) => {
    const user = { id: req.headers['x-user'], email: 'bob@example.org', role: 'admin' }
    sdk.setUser(user) // answers by itself if the user is refused
    res.send(`you are ${user.id}`)
  })

  app.post('/login', (req, res) => {
    const { username, password, code } = req.body
    if (sdk.stepUp() && code !== CODE) {
      return res.status(401).send('enter the code that we sent you')
    }
    const user = Object.hasOwn(USERS, username) ? USERS[username] : undefined
    if (user?.password !== password) {
      sdk.trackUserLoginFailureEvent(user?.id, user !== undefined, { 'usr.login': username, reason: 'password' })
      return res.status(401).send('wrong user or password')
    }
    sdk.trackUserLoginSuccessEvent({ id: user.id, name: user.name, login: username }, { plan: 'gold' })
    res.send('welcome')
  })

  // Reports like the integration of a login framework.
  app.post('/framework-login', (req, res) => {
    req.bartizan.call('auto_login_success', { framework: 'passport', login: req.body.username, user: { id: 'u-1' } })
    res.send('welcome')
  })

  app.post('/legacy', (req, res) => res.status(401).send('no'))

  app.post('/reset', (req, res) => {
    const { username } = req.body
    sdk.trackCustomEvent('users.password_reset', { 'usr.login': username, exists: Object.hasOwn(USERS, username) })
    res.send('check your mail')
  })

  app.post('/pay', (req, res) => {
    sdk.trackCustomEvent('payment.failure', { instrument: req.body.card })
    res.status(402).send('declined')
  })

  app.post('/coupon', (req, res) => {
    sdk.trackCustomEvent('activity.sensitive', { name: 'coupon_use', required_role: 'user' })
    res.send('used')
  })

  return app
}

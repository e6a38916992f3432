'use strict'

// Users and events: the calls known from tracers, their tags on a span, and their addresses in a context.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { ArgumentError, Engine, Waf, protection, sdk } = require('..')

const blocking = () => new Waf({
  version: '2.2',
  rules: [{
    id: 'blk',
    name: 'Block User',
    tags: { type: 'block_user', category: 'security_response' },
    conditions: [{ operator: 'exact_match', parameters: { inputs: [{ address: 'usr.id' }], list: ['blocked'] } }],
    on_match: ['block']
  }]
})

for (const setter of ['setTag', 'setAttribute']) {
  test(`tags of a login by ${setter}`, async () => {
    const tags = {}
    const request = new sdk.Request({ span: { [setter]: (name, value) => { tags[name] = value } } })
    const report = await sdk.run(request, async () => {
      await wait(1)
      return sdk.trackUserLoginSuccess('bob', { id: 'u-1' }, { k: 1 })
    })
    assert.deepEqual([report.accepted, report.keep, report.warnings, report.result], [true, true, [], null])
    assert.equal(tags['appsec.events.users.login.success.track'], 'true')
    assert.equal(tags['appsec.events.users.login.success.k'], '1')
    assert.deepEqual([tags['usr.id'], tags['manual.keep']], ['u-1', 'true'])
  })
}

test('a blocked user', () => {
  const request = new sdk.Request({ context: blocking().context() })
  sdk.run(request, () => {
    assert.ok(sdk.isUserBlocked('blocked') && sdk.isUserBlocked({ id: 'blocked' }) && !sdk.isUserBlocked({ id: 1 }))
    assert.ok(!sdk.isUserBlocked(null) && !sdk.isUserBlocked(undefined) && !sdk.isUserBlocked({}) && !sdk.isUserBlocked(''))
    assert.ok(!sdk.setUser({ id: 'other' }).result.blocked)
    assert.ok(sdk.setUser({ id: 'blocked', name: 'n' }, { propagate: true }).result.blocked)
    assert.ok(!sdk.submitBusinessLogic('payment.failure', { amount: 3 }).blocked)
  })
})

test('calls without a request are ignored with a warning', () => {
  for (const report of [sdk.trackCustomEvent('event', { k: 'v' }), sdk.setUser('u')]) {
    assert.deepEqual([report.accepted, report.meta, report.addresses, report.keep], [false, {}, {}, false])
    assert.match(report.warnings[0], /outside of a request/)
  }
  assert.ok(!sdk.isUserBlocked('u'))
  assert.equal(sdk.submitBusinessLogic('payment.failure', {}), null)
})

test('sessions count, and the default text of an object is not an id', () => {
  const condition = (address, list) => [{ operator: 'exact_match', parameters: { inputs: [{ address }], list } }]
  const rules = Object.entries({ 'usr.session_id': ['s-1'], 'usr.id': ['7', 'null', 'undefined'] })
    .map(([address, list]) => ({ id: address, name: 'n', tags: { type: 't' }, conditions: condition(address, list), on_match: ['block'] }))
  const request = new sdk.Request({ context: new Waf({ version: '2.2', rules }).context() })
  for (const args of [[7], [7n], [{ id: 7 }], ['x', 's-1'], [null, 's-1'], [{ id: 'x', session_id: 's-1' }]]) {
    assert.ok(request.isUserBlocked(...args), String(args))
  }
  for (const args of [[], [null], [undefined], [{ id: null }], ['x', 's-2']]) assert.ok(!request.isUserBlocked(...args))
  for (const user of ['[object Object]', String({}), { id: {} }, true, 0, { id: [] }]) {
    assert.throws(() => request.isUserBlocked(user), { name: 'ArgumentError', message: /id/ })
    const { accepted, warnings } = request.setUser(user)
    assert.deepEqual([accepted, warnings.length], [false, 1])
  }
  assert.match(request.setUser('[object Object]').warnings[0], /turned into text; pass the id/)
  for (const id of [1, 1n, '1']) {
    const { accepted, meta } = request.trackUserLoginFailureEvent({ id }, true)
    assert.deepEqual([accepted, meta['appsec.events.users.login.failure.usr.id']], [true, '1'])
    assert.equal(request.trackUserLoginFailureEvent(id, true).meta['appsec.events.users.login.failure.usr.id'], '1')
  }
  assert.equal(request.setUser({ id: 2n ** 64n }).meta['usr.id'], String(2n ** 64n))
})

test('settings are checked', () => {
  for (const make of [
    () => new sdk.Request({ contxt: 1 }),
    () => new Waf(null, { timeoutMS: 5 }),
    () => new Waf(null, 5),
    () => blocking().context().run({}, { timeout: 5 })
  ]) assert.throws(make, { name: 'ArgumentError', message: /setting/ })
})

test('older and other forms', () => {
  const request = new sdk.Request()
  assert.equal(request.trackUserLoginSuccessEvent({ id: 'u', email: 'e' }, { k: 'v' }).meta['usr.email'], 'e')
  assert.ok(request.trackUserLoginFailureEvent('u', false).accepted)
  assert.equal(request.trackUserLoginFailure('bob').meta['appsec.events.users.login.failure.usr.exists'], undefined)
  assert.equal(request.trackUserLoginFailure('bob', false).meta['appsec.events.users.login.failure.usr.exists'], 'false')
  const signup = request.trackUserSignupEvent({ id: 'u' }, false)
  assert.equal(signup.meta['appsec.events.users.signup.track'], 'false')
  assert.equal(signup.telemetry[0].tags.sdk_version, 'v1')
  assert.ok(request.trackUserSignup('bob', 'u').accepted)
  assert.ok(!request.setUser(null).accepted)
  assert.ok(!request.trackCustomEvent(7).accepted)
})

test('functions by name', () => {
  assert.equal(sdk.call('anonymize', { input: 'test' }).anon, 'anon_9f86d081884c7d659a2feaa0c55ad015')
  assert.equal(sdk.call('client_ip', { headers: { 'x-forwarded-for': '1.1.1.1' } })['http.client_ip'], '1.1.1.1')
  assert.ok(sdk.functions.includes('client_ip'))
  assert.throws(() => sdk.call('nothing'), ArgumentError)
  assert.throws(() => sdk.call('client_ip', []), { name: 'ArgumentError', message: /must be a map/ })
})

test('a service', () => {
  const service = new sdk.Service({ trace_rate_limit: 1 })
  assert.ok(service.call('block', { user: 'u', seconds: 60 }).done)
  assert.ok(service.call('blocked', { user: 'u' }).blocked)
  assert.ok(service.call('unblock', { user: 'u' }).done)
  assert.ok(!service.call('blocked', { user: 'u' }).blocked)
  assert.throws(() => new sdk.Service({ trace_rate_limit: 'x' }), /trace_rate_limit/)
  assert.throws(() => new sdk.Service({ rate: 1 }), /unknown setting `rate`; the settings are trace_rate_limit,/)
})

test('an operator names header and proxies', () => {
  const engine = new Engine({ version: '2.2', rules: [] }, { trusted_proxies: ['10.0.0.0/8'] })
  engine.block({ ip: '8.8.8.8' })
  const blocked = (peer, headers, more = {}) => engine.request().start({ peer, headers, ...more })
  assert.ok(blocked('8.8.8.8', { 'x-forwarded-for': '9.9.9.9' }))
  assert.ok(blocked('10.0.0.1', { 'x-forwarded-for': '9.9.9.9, 8.8.8.8' }))
  assert.ok(!blocked('10.0.0.1', { 'x-forwarded-for': '8.8.8.8, 9.9.9.9' }))
  assert.ok(blocked('10.0.0.1', { 'x-real-ip': '8.8.8.8', 'x-forwarded-for': '9.9.9.9' }, { client_ip_header: 'x-real-ip' }))
  assert.throws(() => new Engine({}, { client_ip_heder: 'x' }), /unknown setting `client_ip_heder`; the settings are rules,/)
  assert.throws(() => new Engine({}, { trusted_proxies: ['10/8'] }), /neither an IP address nor a network: `10\/8`/)
  assert.throws(() => protection(engine, undefined, { trusted_proxy: [] }), /unknown setting `trusted_proxy`/)
  assert.throws(() => protection(engine, undefined, { trusted_proxies: ['10/8'] }), /neither an IP address/)
  protection(engine, undefined, { client_ip_header: 'x-real-ip', trusted_proxies: [] })
})

test('hostile metadata', () => {
  const metadata = { big: 'x'.repeat(1e6), bytes: Buffer.from('a\xff', 'latin1'), number: 2n ** 70n }
  metadata.itself = metadata
  const { meta } = new sdk.Request().trackCustomEvent('x', metadata)
  assert.deepEqual([meta['appsec.events.x.big'].length, meta['appsec.events.x.bytes']], [1e6, 'a\ufffd'])
  let deep = {}
  for (let i = 0; i < 100_000; i++) deep = { k: deep }
  assert.equal(new sdk.Request().trackCustomEvent('x', { deep, k: 'v' }).meta['appsec.events.x.k'], 'v')
})

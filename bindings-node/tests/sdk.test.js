'use strict'

// Users and events: the familiar calls, their tags on a span, and their addresses in a context.

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
    assert.ok(!sdk.isUserBlocked(null) && !sdk.isUserBlocked(undefined) && !sdk.isUserBlocked({}))
    assert.ok(!sdk.setUser({ id: 'other' }).result.blocked)
    assert.ok(sdk.setUser({ id: 'blocked', name: 'n' }, { propagate: true }).result.blocked)
  })
})

test('calls without a request report to nobody', () => {
  assert.equal(sdk.trackCustomEvent('event', { k: 'v' }).meta['appsec.events.event.k'], 'v')
  assert.ok(!sdk.isUserBlocked('u'))
})

test('older and other forms', () => {
  const request = new sdk.Request()
  assert.equal(request.trackUserLoginSuccessEvent({ id: 'u', email: 'e' }, { k: 'v' }).meta['usr.email'], 'e')
  assert.ok(request.trackUserLoginFailureEvent('u', false).accepted)
  assert.ok(request.trackUserLoginFailure('bob').accepted)
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
  const { meta } = sdk.trackCustomEvent('x', metadata)
  assert.deepEqual([meta['appsec.events.x.big'].length, meta['appsec.events.x.bytes']], [1e6, 'a\ufffd'])
  let deep = {}
  for (let i = 0; i < 100_000; i++) deep = { k: deep }
  assert.equal(sdk.trackCustomEvent('x', { deep, k: 'v' }).meta['appsec.events.x.k'], 'v')
})

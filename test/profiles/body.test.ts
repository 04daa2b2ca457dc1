// What a profile's body may say, and what it is told when it says something else.
import { describe, expect, it } from 'vitest'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { ownSettings, type ProfileSettings, type Read } from '../../src/profiles/body.ts'
import type { ReadProfile } from '../../src/profiles/body-district.ts'
import { readChangedDefault, readNewProfile } from '../../src/profiles/body-read.ts'
import { createMappingShelf } from '../../src/profiles/mapping-shelf.ts'

const mappings = createMappingShelf(readMappingFiles())
const NOW = Date.parse('2026-01-15T12:00:00Z')
const read = (body: unknown) => readNewProfile(body, { mappings, now: () => NOW, open: async () => undefined })
const messagesOf = (result: Read<ReadProfile>) => (result.ok ? [] : result.messages)

const PROVIDER = {
  '@odata.type': '#microsoft.graph.educationPowerSchoolDataProvider',
  connectionUrl: 'https://ps.example.org',
  clientId: '4711',
  clientSecret: 'a-secret-of-the-tests-alone',
}
const BODY = { displayName: 'Lakeside', dataProvider: PROVIDER }
const SDS = {
  ...BODY,
  dataProvider: {
    ...PROVIDER,
    schoolsIds: ['55', '61'],
    schoolYear: '2026',
    allowTeachersInMultipleSchools: true,
    customizations: {
      school: { optionalPropertiesToSync: null, isSyncDeferred: false, allowDisplayNameUpdate: true },
      teacherRoster: {},
    },
  },
  identitySynchronizationConfiguration: {
    '@odata.type': '#microsoft.graph.educationIdentityMatchingConfiguration',
    matchingOptions: [
      {
        appliesTo: 'student',
        sourcePropertyName: 'Username',
        targetPropertyName: 'userPrincipalName',
        targetDomain: 's.example.org',
      },
      { appliesTo: 'teacher', sourcePropertyName: 'Secondary Email', targetPropertyName: 'mail', targetDomain: null },
    ],
  },
  licensesToAssign: [],
  handleSpecialCharacterConstraint: false,
  expirationDate: '2026-06-30',
}

describe("a body in School Data Sync's words", () => {
  it('is taken as it is, without its secret', async () => {
    const result = await read(SDS)
    expect(messagesOf(result)).toEqual([])
    const { clientSecret: _, ...dataProvider } = SDS.dataProvider
    expect(result).toEqual({
      ok: true,
      value: { settings: { ...SDS, dataProvider }, clientSecret: PROVIDER.clientSecret },
    })
  })

  it('says by what people sign in', async () => {
    const result = await read(SDS)
    if (!result.ok) throw new Error('refused')
    expect(ownSettings(result.value.settings as ProfileSettings)).toEqual({
      student_username: 'login',
      student_username_suffix: '@s.example.org',
      staff_email: 'email',
      staff_email_suffix: '',
    })
    const created = await read({
      ...BODY,
      identitySynchronizationConfiguration: { userDomains: [{ appliesTo: 'teacher', name: 't.example.org' }] },
    })
    if (!created.ok) throw new Error('refused')
    expect(ownSettings(created.value.settings as ProfileSettings)).toEqual({ staff_username_suffix: '@t.example.org' })
  })
})

const provider = (change: object) => ({ ...BODY, dataProvider: { ...PROVIDER, ...change } })
const matching = (change: object) => ({
  ...BODY,
  identitySynchronizationConfiguration: {
    matchingOptions: [{ appliesTo: 'student', sourcePropertyName: 'Username', targetPropertyName: 'mail', ...change }],
  },
})

const REFUSED: readonly (readonly [string, unknown, RegExp])[] = [
  ['no object', [], /^The body is not an object/],
  ['nothing', {}, /^`displayName` is missing\. Give/],
  ['a near key', { ...BODY, dispalyName: 'x' }, /^`dispalyName` is no key here\. Did you mean `displayName`\?/],
  ['a key of elsewhere', { ...BODY, clientId: 'x' }, /^`clientId` is no key here\. It belongs to `dataProvider`/],
  ['what the bridge tells', { ...BODY, status: 'success' }, /^`status` is told by the bridge/],
  ['another provider', provider({ '@odata.type': '#microsoft.graph.educationCsvDataProvider' }), /nothing else/],
  ['no address', provider({ connectionUrl: 'ps.example.org' }), /^`dataProvider\.connectionUrl` is not a URL/],
  ['an address with a password', provider({ connectionUrl: 'https://a:b@ps.example.org' }), /without user name/],
  ['no secret', provider({ clientSecret: undefined }), /^`dataProvider\.clientSecret` is missing/],
  [
    'a secret with a blank',
    provider({ clientSecret: 'a b' }),
    /^`dataProvider\.clientSecret` is not a text of 1 to 500/,
  ],
  ['schools as numbers', provider({ schoolsIds: [55] }), /^`dataProvider\.schoolsIds\.0` is not a text/],
  ['a school year in words', provider({ schoolYear: '2025-2026' }), /the year in which the school year ends/],
  ['one school a teacher', provider({ allowTeachersInMultipleSchools: false }), /cannot be false/],
  ['some properties', provider({ customizations: { student: { optionalPropertiesToSync: ['Grade'] } } }), /`mapping`/],
  [
    'a start date',
    provider({ customizations: { studentEnrollment: { synchronizationStartDate: '2026-01-01T00:00:00Z' } } }),
    /`where`/,
  ],
  ['licences', { ...BODY, licensesToAssign: [{ appliesTo: 'student' }] }, /cannot assign/],
  ['other characters', { ...BODY, handleSpecialCharacterConstraint: true }, /readiness/],
  ['an alias', matching({ targetPropertyName: 'mailNickname' }), /neither userPrincipalName nor mail/],
  ['another role', matching({ appliesTo: 'faculty' }), /neither student nor teacher/],
  ['a property in other letters', matching({ sourcePropertyName: 'UserName' }), /did you mean Username\?/],
  ['an address for a domain', matching({ targetDomain: '@s.example.org' }), /is not a domain/],
  ['both ways', { ...BODY, identitySynchronizationConfiguration: {} }, /one of both/],
  ['an interval in words', { ...BODY, syncInterval: '1h' }, /did you mean PT1H\?/],
  [
    'an unknown setting',
    { ...BODY, settings: { student_usernam: 'login' } },
    /^settings: .*Did you mean `student_username`\?/,
  ],
  ['a wrong value of a setting', { ...BODY, settings: { student_username: 'nick' } }, /^settings: .*login_or_number/],
  ['a setting twice', { ...SDS, settings: { student_username: 'number' } }, /Give it there alone/],
  ['schools twice', { ...BODY, settings: { schools: [1] } }, /`dataProvider\.schoolsIds`/],
  ['a mapping that is none', { ...BODY, mapping: 'students: [' }, /^mapping: profile\.yaml:1:/],
  [
    'a layer that nothing leads to',
    {
      ...BODY,
      mapping: {
        layers: [
          { path: 'a.yaml', text: 'extends: default\n' },
          { path: 'b.yaml', text: 'extends: default\n' },
        ],
      },
    },
    /nothing extends the layer a\.yaml/,
  ],
  [
    'two layers of one name',
    {
      ...BODY,
      mapping: {
        layers: [
          { path: 'a.yaml', text: 'extends: default\n' },
          { path: 'a.yaml', text: 'extends: default\n' },
        ],
      },
    },
    /^`mapping\.layers\.1\.path` is a\.yaml again/,
  ],
  ['a prefix with a blank', { ...BODY, idPrefix: 'a b' }, /^`idPrefix`/],
  ['a guard of more than all', { ...BODY, guard: { share: 2 } }, /from 0 to 1/],
  ['a day that has passed', { ...BODY, expirationDate: '2025-06-30' }, /has passed/],
  ['a day that is none', { ...BODY, expirationDate: '2026-02-30' }, /neither a day/],
]

describe('a body is refused', () => {
  it.each(REFUSED)('with %s', async (_, body, message) => {
    const messages = messagesOf(await read(body))
    expect(messages).toContainEqual(expect.stringMatching(message))
    for (const text of messages) expect(text).not.toContain(PROVIDER.clientSecret)
  })

  it('without repeating a secret that stands in the wrong place', async () => {
    const { clientSecret } = PROVIDER
    const messages = messagesOf(await read(provider({ schoolYear: clientSecret, connectionUrl: clientSecret })))
    expect(messages).toHaveLength(2)
    expect(messages.join()).not.toContain(clientSecret)
  })

  it('with everything that is wrong at once', async () => {
    const body = { displayName: '', dataProvider: { clientId: 1 }, guard: 3, x: 1 }
    expect(messagesOf(await read(body)).length).toBeGreaterThanOrEqual(5)
  })

  it('with the faults of its mapping beside those of its shape', async () => {
    const body = {
      displayName: 3,
      dataProvider: { ...PROVIDER, clientSecret: undefined, schoolYear: '26' },
      expirationDate: '2025-06-30',
      settings: { student_usernam: 'login', schools: [1] },
      mapping: 'students: [',
      guard: { share: 2 },
    }
    const messages = messagesOf(await read(body))
    for (const told of [
      /^`displayName` is not a text/,
      /^`dataProvider\.schoolYear`/,
      /^`guard\.share`/,
      /has passed/,
      /^`settings\.schools` is what `dataProvider\.schoolsIds` says/,
      /^`settings\.student_usernam` is no setting of the mapping\. Did you mean `student_username`\?/,
      /^mapping: profile\.yaml:1:/,
      /^`dataProvider\.clientSecret` is missing/,
    ]) {
      expect(messages).toContainEqual(expect.stringMatching(told))
    }
    expect(new Set(messages).size).toBe(messages.length)
  })

  it('without doubting a setting that an unreadable layer may have', async () => {
    const settings = { own_setting: 1, student_username: 'nick' }
    const messages = messagesOf(await read({ ...BODY, settings, mapping: { layers: [{ path: 'a.yaml', text: 1 }] } }))
    expect(messages).toHaveLength(2)
    expect(messages[0]).toMatch(/^`mapping\.layers\.0\.text` is not a text/)
    expect(messages[1]).toMatch(/^settings: .*login_or_number/)
  })

  it("of the environment's profile with everything at once", async () => {
    const settings = { schools: [1], student_usernam: 'login' }
    const change = { settings, mapping: { layers: {} }, x: 1 }
    const result = await readChangedDefault(change, {}, { mappings, environmentSays: ['schools'] })
    const messages = result.ok ? [] : result.messages
    expect(messages).toHaveLength(3)
    for (const told of [/^`x` is no key/, /^`mapping\.layers` is not a list/, /the setting SCHOOLS says/]) {
      expect(messages).toContainEqual(expect.stringMatching(told))
    }
  })

  it('of a group in words', async () => {
    const dataProvider = { '@odata.type': '#oneroster.group', profiles: [1, ''] }
    const messages = messagesOf(await read({ displayName: 'Both', dataProvider, org: { name: ' ', identifier: 7 } }))
    expect(messages).toEqual([
      '`dataProvider.profiles.0` is not the id of a profile (found: 1).',
      '`dataProvider.profiles.1` is not the id of a profile (found: "").',
      expect.stringMatching(/^`org\.name` is not a text of 1 to 255 characters/),
      '`org.identifier` is not a text of 1 to 255 characters (found: 7).',
    ])
    for (const org of ['x', { name: 'Valleys', identifier: 'x'.repeat(256) }]) {
      expect(messagesOf(await read({ displayName: 'Both', dataProvider, org })).join()).not.toMatch(/Invalid|Too/)
    }
  })

  it('when it is nested without end, or holds what nothing would read', async () => {
    const deep = JSON.parse(
      `{"displayName":"x","settings":{"student_username":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`,
    )
    expect(messagesOf(await read(deep))).toEqual([expect.stringContaining('more than 32 levels')])
    const hidden = JSON.parse(JSON.stringify(BODY).replace(/}$/, ',"settings":{"__proto__":{"a":1}}}'))
    expect(messagesOf(await read(hidden))).toEqual([expect.stringContaining('`__proto__` is no key')])
    const changed = await readChangedDefault(hidden, {}, { mappings })
    expect(changed.ok).toBe(false)
  })

  it('of a group with its members beside its shape', async () => {
    const dataProvider = { '@odata.type': '#oneroster.group', profiles: ['pnobody'] }
    const messages = messagesOf(await read({ dataProvider, org: { nam: 'x' }, expirationDate: '2025-06-30' }))
    for (const told of [
      /^`displayName` is missing/,
      /^`org\.nam` is no key/,
      /has passed/,
      /There is no profile `pnobody`/,
    ]) {
      expect(messages).toContainEqual(expect.stringMatching(told))
    }
  })
})

// Settings: defaults, every fault at once, and no secret in any message.
import { describe, expect, it } from 'vitest'
import { type ConfigFault, formatFaults, readConfig } from '../src/config.ts'
import { parseDuration } from '../src/duration.ts'

const CONNECTION = {
  POWERSCHOOL_URL: 'https://powerschool.example.org',
  POWERSCHOOL_CLIENT_ID: 'plugin-id',
  POWERSCHOOL_CLIENT_SECRET: 'plugin-secret-value',
}

function faultsOf(environment: Record<string, string | undefined>, needsPowerSchool = false): readonly ConfigFault[] {
  const result = readConfig(environment, { needsPowerSchool })
  return result.ok ? [] : result.faults
}

function configOf(environment: Record<string, string | undefined>) {
  const result = readConfig(environment, { needsPowerSchool: false })
  if (!result.ok) throw new Error(formatFaults(result.faults))
  return result.config
}

describe('durations', () => {
  it.each([
    ['PT0S', 0],
    ['PT1S', 1_000],
    ['PT0.25S', 250],
    ['PT30M', 1_800_000],
    ['PT90M', 5_400_000],
    ['PT1H', 3_600_000],
    ['PT1H30M5S', 5_405_000],
    ['P1DT2H', 93_600_000],
    ['P180D', 15_552_000_000],
    ['P2W', 1_209_600_000],
    ['P1W2DT3H', 788_400_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, ms })
  })

  it.each([
    ['', undefined],
    ['P', undefined],
    ['PT', undefined],
    ['P1DT', undefined],
    ['-PT1H', undefined],
    ['PT1.5H', undefined],
    ['PT1M1H', undefined],
    ['one hour', undefined],
    ['60', 'PT60S'],
    ['1h', 'PT1H'],
    ['30 min', 'PT30M'],
    ['7d', 'P7D'],
    ['P1H', 'PT1H'],
    ['PT2D', 'P2D'],
    ['pt1h', 'PT1H'],
  ])('refuses %j and guesses %j', (text, suggestion) => {
    const result = parseDuration(text)
    expect(result.ok).toBe(false)
    expect('suggestion' in result ? result.suggestion : undefined).toBe(suggestion)
  })

  it.each(['P1Y', 'P6M', 'P1Y2M', 'P1M2D'])('says of %s that years and months vary', (text) => {
    expect(parseDuration(text)).toMatchObject({ ok: false, message: expect.stringContaining('length varies') })
  })

  it('takes P30M for a slip of PT30M', () => {
    expect(parseDuration('P30M')).toMatchObject({ ok: false, suggestion: 'PT30M' })
  })

  it('refuses what no timer or date can hold', () => {
    expect(parseDuration('P99999999D')).toEqual({ ok: false, message: 'is longer than a hundred years' })
  })
})

describe('settings', () => {
  it('has a default for everything that can have one', () => {
    expect(configOf({})).toEqual({
      powerSchool: undefined,
      powerSchoolTemplate: 'auto',
      powerSchoolConcurrency: 4,
      powerSchoolMinIntervalMs: 0,
      plugin: {
        name: 'OneRoster Bridge',
        publisher: 'OneRoster Bridge',
        email: 'support@example.org',
        queries: 'org.oneroster_bridge.sis.roster',
      },
      oneRoster: undefined,
      publicUrl: undefined,
      host: '127.0.0.1',
      port: 3000,
      dataDir: './data',
      syncIntervalMs: 3_600_000,
      publishQuietMs: 60_000,
      publishMaxWaitMs: 1_800_000,
      guardShare: 0.2,
      guardMin: 25,
      pinLifetimeMs: 3_600_000,
      tombstoneLifetimeMs: 15_552_000_000,
      tokenLifetimeMs: 3_600_000,
      oauth1WindowMs: 600_000,
      maxLimit: 10_000,
      schools: undefined,
      schoolYear: undefined,
      mapping: undefined,
      idPrefix: '',
      adminToken: undefined,
      logLevel: 'info',
    })
  })

  it('reads the connection and the first consumer', () => {
    const result = readConfig(
      { ...CONNECTION, ONEROSTER_CLIENT_ID: 'sds', ONEROSTER_CLIENT_SECRET: 'a-long-enough-secret' },
      { needsPowerSchool: true },
    )
    expect(result).toMatchObject({
      ok: true,
      config: {
        powerSchool: {
          url: 'https://powerschool.example.org',
          clientId: 'plugin-id',
          clientSecret: 'plugin-secret-value',
        },
        oneRoster: { id: 'sds', secret: 'a-long-enough-secret' },
      },
    })
  })

  it.each([
    ['PUBLIC_URL', 'https://roster.example.org/', { publicUrl: 'https://roster.example.org' }],
    ['PUBLIC_URL', 'https://example.org/district/9/', { publicUrl: 'https://example.org/district/9' }],
    ['PUBLIC_URL', 'HTTP://Example.org:8080', { publicUrl: 'http://example.org:8080' }],
    ['HOST', '0.0.0.0', { host: '0.0.0.0' }],
    ['HOST', '::1', { host: '::1' }],
    ['HOST', 'localhost', { host: 'localhost' }],
    ['PORT', '0', { port: 0 }],
    ['PORT', ' 8080 ', { port: 8080 }],
    ['SYNC_INTERVAL', 'PT0S', { syncIntervalMs: 0 }],
    ['TOKEN_LIFETIME', 'PT2S', { tokenLifetimeMs: 2_000 }],
    ['OAUTH1_WINDOW', 'PT45M', { oauth1WindowMs: 2_700_000 }],
    ['GUARD_SHARE', '1', { guardShare: 1 }],
    ['GUARD_SHARE', '.05', { guardShare: 0.05 }],
    ['SCHOOLS', '100', { schools: [100] }],
    ['SCHOOLS', '100, 200,100', { schools: [100, 200] }],
    ['SCHOOL_YEAR', '2026', { schoolYear: 2026 }],
    ['POWERSCHOOL_TEMPLATE', 'powerquery', { powerSchoolTemplate: 'powerquery' }],
    ['PLUGIN_NAME', 'Élèves & Co. <1>', { plugin: { name: 'Élèves & Co. <1>' } }],
    ['PLUGIN_NAME', '😀'.repeat(40), { plugin: { name: '😀'.repeat(40) } }],
    ['PLUGIN_PUBLISHER', 'P'.repeat(100), { plugin: { publisher: 'P'.repeat(100) } }],
    ['PLUGIN_EMAIL', 'it@greenfield.example.org', { plugin: { email: 'it@greenfield.example.org' } }],
    ['PLUGIN_QUERIES', 'org.green_field.sis2.k_12', { plugin: { queries: 'org.green_field.sis2.k_12' } }],
    ['MAX_LIMIT', '100', { maxLimit: 100 }],
    ['LOG_LEVEL', 'debug', { logLevel: 'debug' }],
    ['MAPPING', 'district.yaml', { mapping: 'district.yaml' }],
    ['ID_PREFIX', 'west-1', { idPrefix: 'west-1' }],
  ])('reads %s %j', (variable, value, expected) => {
    expect(configOf({ [variable]: value })).toMatchObject(expected)
  })

  it('takes an empty or blank value for one that is not set', () => {
    expect(configOf({ PORT: '', SCHOOLS: '  ', ONEROSTER_CLIENT_ID: '', LOG_LEVEL: undefined })).toEqual(configOf({}))
  })

  it.each([
    ['PUBLIC_URL', 'roster.example.org'],
    ['PUBLIC_URL', 'ftp://roster.example.org'],
    ['PUBLIC_URL', 'https://'],
    ['PUBLIC_URL', 'https://roster.example.org/?a=b'],
    ['PUBLIC_URL', 'https://roster.example.org/#top'],
    ['POWERSCHOOL_URL', 'powerschool.example.org'],
    ['HOST', 'http://localhost'],
    ['HOST', 'localhost:3000'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '3000.5'],
    ['PORT', '0x10'],
    ['POWERSCHOOL_CONCURRENCY', '0'],
    ['POWERSCHOOL_MIN_INTERVAL_MS', 'fast'],
    ['POWERSCHOOL_TEMPLATE', 'soap'],
    ['PLUGIN_NAME', 'N'.repeat(41)],
    ['PLUGIN_PUBLISHER', 'P'.repeat(101)],
    ['PLUGIN_EMAIL', 'support'],
    ['PLUGIN_QUERIES', 'org.example.roster'],
    ['PLUGIN_QUERIES', 'org.example.sis.roster.students'],
    ['PLUGIN_QUERIES', 'Org.Example.Sis.Roster'],
    ['PLUGIN_QUERIES', 'org.green-field.sis.roster'],
    ['PLUGIN_QUERIES', 'org..sis.roster'],
    ['PLUGIN_QUERIES', 'org.1st.sis.roster'],
    ['PLUGIN_QUERIES', 'com.powerschool.sis.roster'],
    ['PLUGIN_QUERIES', `org.example.sis.${'r'.repeat(105)}`],
    ['SYNC_INTERVAL', '1h'],
    ['SYNC_INTERVAL', 'P30D'],
    ['PIN_LIFETIME', 'PT0S'],
    ['TOKEN_LIFETIME', 'PT0S'],
    ['OAUTH1_WINDOW', 'P1DT1S'],
    ['OAUTH1_WINDOW', '10'],
    ['TOMBSTONE_LIFETIME', 'P6M'],
    ['GUARD_SHARE', '20'],
    ['GUARD_SHARE', '20%'],
    ['GUARD_MIN', '-5'],
    ['MAX_LIMIT', '99'],
    ['SCHOOLS', '100,,200'],
    ['SCHOOLS', 'Apple Grove'],
    ['SCHOOL_YEAR', '2025-2026'],
    ['SCHOOL_YEAR', '26'],
    ['LOG_LEVEL', 'verbose'],
  ])('refuses %s %j and shows it', (variable, value) => {
    const faults = faultsOf({ [variable]: value })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({ variable, found: expect.stringContaining(value.slice(0, 20)) })
    expect(faults[0]?.remedy).not.toBe('')
  })

  it.each([
    ['PLUGIN_NAME', 'One\u0001Roster'],
    ['PLUGIN_NAME', 'One\nRoster'],
    ['PLUGIN_PUBLISHER', 'One\ud800Roster'],
    ['PLUGIN_PUBLISHER', 'One\uffffRoster'],
  ])('refuses %s %j, which no XML can hold', (variable, value) => {
    expect(faultsOf({ [variable]: value }).map((fault) => fault.variable)).toEqual([variable])
  })

  it.each(['it@', '@example.org', 'a b@example.org', 'Support <it@example.org>', `${'s'.repeat(30)}@example.org`])(
    'refuses %j as PLUGIN_EMAIL without showing it',
    (value) => {
      const [fault, ...others] = faultsOf({ PLUGIN_EMAIL: value })
      expect(others).toEqual([])
      expect(fault).toMatchObject({ variable: 'PLUGIN_EMAIL', remedy: expect.stringContaining('it@example.org') })
      expect(fault).not.toHaveProperty('found')
    },
  )

  it('reports every fault at once, in the order of the documentation', () => {
    const faults = faultsOf({ PORT: 'x', GUARD_SHARE: '2', POWERSCHOOL_URL: 'nowhere', LOG_LEVEL: 'loud' }, true)
    expect(faults.map((fault) => fault.variable)).toEqual([
      'POWERSCHOOL_URL',
      'POWERSCHOOL_CLIENT_ID',
      'POWERSCHOOL_CLIENT_SECRET',
      'PORT',
      'GUARD_SHARE',
      'LOG_LEVEL',
    ])
  })

  it('needs the connection only where it is used', () => {
    expect(faultsOf({}, false)).toEqual([])
    expect(faultsOf({}, true).map((fault) => fault.message)).toEqual(['is not set', 'is not set', 'is not set'])
  })

  it.each([
    [{ ONEROSTER_CLIENT_ID: 'sds' }, 'ONEROSTER_CLIENT_SECRET'],
    [{ ONEROSTER_CLIENT_SECRET: 'a-long-enough-secret' }, 'ONEROSTER_CLIENT_ID'],
    [{ ONEROSTER_CLIENT_ID: 's:ds', ONEROSTER_CLIENT_SECRET: 'a-long-enough-secret' }, 'ONEROSTER_CLIENT_ID'],
  ])('refuses the consumer %j', (environment, variable) => {
    expect(faultsOf(environment).map((fault) => fault.variable)).toEqual([variable])
  })

  it.each([
    ['POWERSCHOOL_CLIENT_SECERT', 'POWERSCHOOL_CLIENT_SECRET'],
    ['POWERSCHOOL_CLIENTID', 'POWERSCHOOL_CLIENT_ID'],
    ['POWER_SCHOOL_URL', 'POWERSCHOOL_URL'],
    ['powerschool_url', 'POWERSCHOOL_URL'],
    ['ONEROSTER_CLIENT_IDS', 'ONEROSTER_CLIENT_ID'],
    ['GUARD_SHARES', 'GUARD_SHARE'],
    ['PLUGIN_NAMES', 'PLUGIN_NAME'],
    ['PLUGIN_MAIL', 'PLUGIN_EMAIL'],
    ['PLUGIN_QUERY', 'PLUGIN_QUERIES'],
  ])('takes %s for a slip of %s', (variable, meant) => {
    const faults = faultsOf({ [variable]: 'some-value' })
    expect(faults).toEqual([{ variable, message: expect.stringContaining(meant), remedy: expect.any(String) }])
  })

  it.each([
    'POWERSCHOOL_DISTRICT_NOTES',
    'GUARD_TIME',
    'GUARDIAN_API',
    'PORTS',
    'PATH',
    'PLUGIN_TAGS',
    'PLUGIN_DATE',
    'ONEROSTER_EXPORT_DIR',
  ])("leaves somebody else's %s alone", (variable) => {
    expect(faultsOf({ [variable]: 'x' })).toEqual([])
  })
})

describe('fault messages', () => {
  it('read like sentences with a remedy', () => {
    expect(formatFaults(faultsOf({ PORT: '80a', SYNC_INTERVAL: '1h' }))).toBe(
      [
        '2 settings are wrong:',
        '  PORT is not a whole number from 0 to 65535 (found: 80a)\n    Give a free port, 0 for any, or leave it unset for 3000.',
        '  SYNC_INTERVAL is not an ISO 8601 duration such as PT30M, PT1H or P1DT2H; did you mean PT1H? (found: 1h)\n    Write a duration such as PT1H or PT30M, at most P14D; PT0S = only on demand.',
      ].join('\n\n'),
    )
  })

  it('never hold a secret, wherever it was put', () => {
    const hidden = 'hunter2-hunter2'
    const environments: Record<string, string>[] = [
      { ONEROSTER_CLIENT_ID: `a b ${hidden}`, ONEROSTER_CLIENT_SECRET: 'hunter2' },
      { POWERSCHOOL_URL: `https://admin:${hidden}@powerschool.example.org` },
      { POWERSCHOOL_URL: `https//admin:${hidden}@powerschool.example.org` },
      { PUBLIC_URL: `https://roster.example.org/?token=${hidden}` },
      { POWERSCHOOL_CLIENT_SECRET: hidden, PORT: hidden, SCHOOLS: `1,${hidden}` },
      { POWERSCHOOL_CLIENT_SECRETS: hidden },
      { ADMIN_TOKEN: 'hunter2' },
    ]
    for (const environment of environments) {
      const faults = faultsOf(environment, true)
      expect(faults.length).toBeGreaterThan(0)
      expect(JSON.stringify(faults) + formatFaults(faults)).not.toContain('hunter2')
    }
  })

  it('shortens a long value', () => {
    expect(faultsOf({ PORT: '9'.repeat(500) })[0]?.found).toBe(`${'9'.repeat(60)}…`)
  })
})

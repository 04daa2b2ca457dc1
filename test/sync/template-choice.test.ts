// By which template a district is read: what auto takes, when it changes its mind, and what it says is missing.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { readProfileMapping } from '../../src/node/mapping-files.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { defaultPlugin, pluginOf } from '../support/plugin.ts'

const district = () => createDistrict({ students: 60, seed: 3, today: '2026-11-20' })
const AUTO = { POWERSCHOOL_TEMPLATE: 'auto' }
const install = ({ powerSchool }: TestBridge, version = '1.0.0') => powerSchool.plugins.install(defaultPlugin(version))

const requestsOf = ({ powerSchool }: TestBridge) => powerSchool.requests.count(/^\/ws\//)
const warnings = ({ logged }: TestBridge) => logged.filter((line) => line.includes('"warn"'))

async function published(bridge: TestBridge): Promise<string> {
  const answers = await Promise.all(
    ['/classes', '/enrollments', '/users'].map((path) => bridge.get(`${path}?limit=10000`)),
  )
  return (await Promise.all(answers.map((answer) => answer.text()))).join('\n')
}

describe('auto', () => {
  it('reads by the plugin where it can, in 15 requests at most and without asking what it may', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true, settings: AUTO })
    const { status, report } = await bridge.syncNow()
    expect([status, report.crawl.template]).toEqual(['success', 'powerquery'])
    expect(requestsOf(bridge)).toBeLessThanOrEqual(15)
  })

  it('reads /ws/v1 where the plugin has no queries, and says so', async () => {
    const bridge = await openTestBridge({ district: district(), settings: AUTO })
    const { status, report } = await bridge.syncNow()
    expect([status, report.crawl.template]).toEqual(['success', 'rest'])
    expect(warnings(bridge).join()).toContain('The plugin has no queries of this mapping.')
    expect((await bridge.syncNow()).report.crawl.template).toBe('rest')
  })

  it('reads /ws/v1 where a column is not granted yet, and names it', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true, settings: AUTO })
    bridge.powerSchool.plugins.revoke('SECTIONS', 'ROOM')
    const { status, report } = await bridge.syncNow()
    expect([status, report.crawl.template]).toEqual(['success', 'rest'])
    expect(warnings(bridge).join()).toContain('SECTIONS.ROOM')
  })

  it('goes over to the plugin once that has the queries, and changes no record that both can give', async () => {
    const bridge = await openTestBridge({ district: district(), settings: AUTO })
    await bridge.syncNow()
    install(bridge)
    const { status, report } = await bridge.syncNow()
    expect([status, report.crawl.template]).toEqual(['success', 'powerquery'])
    expect(report.counts.demographics).toMatchObject({ added: 0, changed: 0, removed: 0 })
    expect(report.counts.users).toMatchObject({ changed: 0, removed: 0 })
  })

  it('does not go back from the plugin when a column is taken away: it fails, names the column and serves on', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true, settings: AUTO })
    await bridge.syncNow()
    const before = await published(bridge)
    bridge.powerSchool.plugins.revoke('SECTIONS', 'ROOM')
    bridge.powerSchool.plugins.revoke('CC', 'DATELEFT')
    const failed = await bridge.syncNow()
    expect(failed).toMatchObject({ status: 'error', error: { code: 'powerschool-rights' } })
    expect(JSON.stringify(failed.error)).toMatch(/SECTIONS\.ROOM/)
    expect(JSON.stringify(failed.error)).toMatch(/CC\.DATELEFT/)
    expect(await published(bridge)).toBe(before)
    bridge.powerSchool.plugins.grant('SECTIONS', 'ROOM')
    bridge.powerSchool.plugins.grant('CC', 'DATELEFT')
    expect((await bridge.syncNow()).status).toBe('success')
    expect(await published(bridge)).toBe(before)
  })

  it('does not go back from the plugin when that is replaced by one without queries', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true, settings: AUTO })
    await bridge.syncNow()
    bridge.powerSchool.plugins.uninstall()
    const failed = await bridge.syncNow()
    expect(failed).toMatchObject({ status: 'error', error: { code: 'powerschool-rights' } })
  })

  it('does not go back from the plugin because a crawl by rest was begun in between', async () => {
    const first = await openTestBridge({ district: district(), hasPlugin: true, settings: AUTO })
    await first.syncNow()
    const next = { district: first.district, hasPlugin: true, sql: first.sql }
    const broken = await openTestBridge({ ...next, settings: { POWERSCHOOL_TEMPLATE: 'rest' } })
    broken.powerSchool.faults.add({ kind: 'error-503', path: /section_enrollment/, times: 1_000_000 })
    expect((await broken.syncNow()).status).toBe('error')
    const auto = await openTestBridge({ ...next, settings: AUTO })
    auto.powerSchool.plugins.revoke('SCHOOLS', 'DCID')
    expect(await auto.syncNow()).toMatchObject({ status: 'error', error: { code: 'powerschool-rights' } })
    auto.powerSchool.plugins.grant('SCHOOLS', 'DCID')
    expect((await auto.syncNow()).report.crawl.template).toBe('powerquery')
  })

  it('says what is missing of both ways when it has neither', async () => {
    const bridge = await openTestBridge({ district: district(), simulator: { v1Level: 'NONE' }, settings: AUTO })
    const { status, error } = await bridge.syncNow()
    expect(status).toBe('error')
    expect(error).toMatchObject({ code: 'powerschool-rights' })
    expect(JSON.stringify(error)).toMatch(/neither by powerquery .* nor by rest/)
  })
})

describe('a set template', () => {
  it('powerquery: names every column and query that is missing, not only the first', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    for (const [table, column] of [
      ['STUDENTS', 'DOB'],
      ['CC', 'DATELEFT'],
      ['ROLEDEF', 'NAME'],
    ] as const)
      bridge.powerSchool.plugins.revoke(table, column)
    const failed = await bridge.syncNow()
    expect(failed).toMatchObject({ status: 'error', error: { code: 'powerschool-rights' } })
    for (const column of ['STUDENTS.DOB', 'CC.DATELEFT', 'ROLEDEF.NAME'])
      expect(JSON.stringify(failed.error)).toContain(column)
    expect((await bridge.get('/users')).status).toBe(503)
  })

  it('rest: asks for no query, though the plugin has them', async () => {
    const bridge = await openTestBridge({
      district: district(),
      hasPlugin: true,
      settings: { POWERSCHOOL_TEMPLATE: 'rest' },
    })
    expect((await bridge.syncNow()).report.crawl.template).toBe('rest')
    expect(bridge.powerSchool.requests.count(/\/ws\/schema\//)).toBe(0)
  })
})

describe('a plugin that is older than the mapping', () => {
  it('is told by the name of the query that has changed, and not taken for one whose column is blank', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    const older = readProfileMapping(undefined)
    const withoutRoom = {
      ...older,
      sources: older.sources.map((source) =>
        source.name !== 'sections' || source.powerquery === undefined
          ? source
          : {
              ...source,
              powerquery: {
                ...source.powerquery,
                rows: {
                  ...source.powerquery.rows,
                  sql: source.powerquery.rows.sql.replace(/n\.room room/, 'n.expression room'),
                },
              },
            },
      ),
    }
    bridge.powerSchool.plugins.install(pluginOf(withoutRoom, undefined, '1.0.1'))
    const { status, error } = await bridge.syncNow()
    expect(status).toBe('error')
    expect(JSON.stringify(error)).toContain('sections')
  })
})

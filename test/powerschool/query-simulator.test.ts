// The plugin of the default mapping in the simulated PowerSchool: its queries are probed, read whole, and refused in part.

import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import type { Fault } from '../../fixtures/powerschool/faults.ts'
import { createPowerSchool, type SimulatorOptions } from '../../fixtures/powerschool/simulator.ts'
import { pluginRequest } from '../../src/cli/plugin-request.ts'
import { DEFAULT_PLUGIN_QUERIES } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { readProfileMapping } from '../../src/node/mapping-files.ts'
import { checkConnection } from '../../src/powerschool/check.ts'
import { pluginFiles } from '../../src/powerschool/plugin.ts'
import { packPlugin } from '../../src/powerschool/plugin-bytes.ts'
import type { QueryRow } from '../../src/powerschool/query-ports.ts'
import { readQuery } from '../../src/powerschool/query-read.ts'
import { chooseTemplate, probeTemplates } from '../../src/powerschool/template.ts'
import { templateSources } from '../../src/sync/template-sources.ts'
import { fakeClient, fakeClock } from './fake.ts'

const district = createDistrict({ students: 260, seed: 11, today: '2026-01-15' })
const mapping = readProfileMapping(undefined)
const SOURCES = templateSources(mapping.sources, { ...mapping.settings, start_year: 2025 }, DEFAULT_PLUGIN_QUERIES)
const CALLS = SOURCES.flatMap(({ queries }) => queries)

const PLUGIN = packPlugin(
  pluginFiles(
    pluginRequest(mapping, {
      name: 'OneRoster Bridge',
      publisher: 'Greenfield',
      email: 'it@example.org',
      queries: DEFAULT_PLUGIN_QUERIES,
    }).plugin,
    '1',
  ),
  'zip',
)

function simulated(options: Partial<SimulatorOptions> = {}, faults: readonly Fault[] = []) {
  const clock = fakeClock(Date.parse('2026-01-15T18:00:00Z'))
  const sis = createPowerSchool({ district, now: clock.now, sleep: clock.sleep, seed: 3, pluginOnly: true, ...options })
  const credentials = sis.plugins.install(PLUGIN)
  sis.faults.add(...faults)
  const { client } = fakeClient(sis, { ...credentials, now: clock.now, sleep: clock.sleep })
  return { sis, client }
}

/** All rows of every query; a repeated key makes a reading start again. */
async function readAll({ client }: ReturnType<typeof simulated>, pageRows?: number) {
  const found: Record<string, readonly QueryRow[]> = {}
  for (const call of CALLS) {
    let rows: QueryRow[] = []
    const keys = new Set<unknown>()
    const reading = {
      begin() {
        rows = []
        keys.clear()
      },
      async rows(batch: readonly QueryRow[]) {
        const before = keys.size
        for (const row of batch) keys.add(row.id)
        rows.push(...batch)
        return { repeated: before + batch.length - keys.size }
      },
    }
    const options = { log: silentLog, signal: undefined, ...(pageRows === undefined ? {} : { pageRows }) }
    const { rows: told } = await readQuery(client, call, reading, options)
    expect(told).toBe(rows.length)
    found[call.name] = rows
  }
  return found
}

const CALM = simulated()
const WHOLE = await readAll(CALM)
const ANY_QUERY = /\/ws\/schema\/query\//

describe('the queries of the default mapping', () => {
  it('are read whole, in one request each', () => {
    expect(CALLS.length).toBeGreaterThan(10)
    expect(CALM.client.requests).toBe(CALLS.length)
    const sizes = Object.values(WHOLE).map((rows) => rows.length)
    expect(Math.max(...sizes)).toBeGreaterThan(1000)
  })

  it.each(['last', 'absent-when-streaming'] as const)('are the same with a count that is %s', async (countPlace) => {
    expect(await readAll(simulated({ countPlace }))).toEqual(WHOLE)
  })

  it.each(['query-cut', 'query-truncated', 'query-repeated-row', 'query-garbled', 'slow', 'refused'] as const)(
    'are the same through %s, now and then',
    async (kind) => {
      const simulation = simulated({}, [{ kind, path: ANY_QUERY, probability: 0.3 }])
      expect(await readAll(simulation)).toEqual(WHOLE)
      expect(simulation.sis.faults.struck(kind)).toBeGreaterThan(0)
    },
  )

  it.each(['query-truncated', 'query-repeated-row'] as const)('are refused if %s stays', async (kind) => {
    const simulation = simulated({}, [{ kind, path: ANY_QUERY, times: 1000 }])
    await expect(readAll(simulation)).rejects.toMatchObject({ code: 'powerschool-incomplete' })
  })

  it.each([200, 700])('are the same in pages of %i rows', async (pageRows) => {
    const simulation = simulated({}, [{ kind: 'query-cut', path: /pagesize=0/, times: 1000 }])
    expect(await readAll(simulation, pageRows)).toEqual(WHOLE)
    expect(simulation.client.requests).toBeGreaterThan(4 * CALLS.length)
  })

  it('are read again when a row leaves between a stream that breaks off and the page behind it', async () => {
    const simulation = simulated({}, [{ kind: 'query-cut', path: /pagesize=0/, times: 1000 }])
    const { db } = district
    const call = CALLS.find(({ name }) => /\.section_enrollments_(?!keys|changes)/.test(name)) ?? {
      name: '',
      arguments: {},
    }
    const [first] = WHOLE[call.name] ?? []
    const { client } = simulation
    const readings: string[][] = []
    const reading = {
      begin() {
        readings.push([])
      },
      async rows(batch: readonly QueryRow[]) {
        readings.at(-1)?.push(...batch.map(({ id }) => String(id)))
        if (readings.length === 1) db.prepare('delete from cc where dcid = ?').run(Number(first?.id))
        return { repeated: 0 }
      },
    }
    db.exec('begin')
    try {
      await readQuery(client, call, reading, { log: silentLog, signal: undefined, pageRows: 200 })
    } finally {
      db.exec('rollback')
    }
    const ids = (WHOLE[call.name] ?? []).map(({ id }) => String(id)).slice(1)
    expect(readings.length).toBe(2)
    expect(readings.at(-1)).toEqual(ids)
  })
})

describe('the probe of the default mapping', () => {
  it('finds powerquery with the plugin', async () => {
    const probe = await probeTemplates(simulated().client, SOURCES)
    expect(probe.findings.filter(({ state }) => state !== 'allowed')).toEqual([])
    expect(chooseTemplate(probe, 'auto', undefined)).toMatchObject({ template: 'powerquery' })
  })

  it('finds rest without it', async () => {
    const clock = fakeClock()
    const sis = createPowerSchool({ district, now: clock.now, sleep: clock.sleep })
    const { client } = fakeClient(sis, { ...sis.credentials, now: clock.now, sleep: clock.sleep })
    const probe = await probeTemplates(client, SOURCES)
    expect(chooseTemplate(probe, 'auto', undefined)).toMatchObject({ template: 'rest', missing: [] })
  })

  it('finds the columns that an older plugin did not ask for', async () => {
    const { sis, client } = simulated()
    sis.plugins.revoke('SECTIONS', 'ROOM')
    sis.plugins.revoke('STUDENTS', 'DOB')
    const choice = chooseTemplate(await probeTemplates(client, SOURCES), 'auto', undefined)
    expect(choice).toMatchObject({
      template: 'rest',
      reason: 'The plugin may not read SECTIONS.ROOM, STUDENTS.DOB.',
    })
  })

  it('finds a plugin that is not enabled', async () => {
    const { sis, client } = simulated({ pluginOnly: false })
    await client.signIn()
    sis.plugins.disable()
    const { client: other } = fakeClient(sis, { ...sis.credentials })
    const probe = await probeTemplates(other, SOURCES)
    const states = new Set(probe.findings.filter(({ query }) => query).map(({ state }) => state))
    expect([...states]).toEqual(['not-installed'])
  })
})

describe('the check of the default mapping', () => {
  it('goes on to the queries where v1 is denied, and says what stands in the way', async () => {
    const { client, sis } = simulated()
    sis.settings.v1Level = 'NONE'
    const { ok, steps, templates } = await checkConnection(client, { sources: SOURCES, setting: 'auto' })
    expect(ok).toBe(false)
    expect(steps.at(-1)).toMatchObject({ name: 'v1-rights', ok: false })
    expect(templates?.readers.find(({ source, path }) => source === 'district' && path)).toMatchObject({
      state: 'v1-denied',
    })
    expect(templates?.detail).toMatch(
      /neither by powerquery \(the plugin may not read \/ws\/v1 \(district\)\) nor by rest/,
    )
  })
})

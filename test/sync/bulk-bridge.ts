// A bridge that reads its district by the queries of its own plugin, and how what it serves is laid beside the oracle.
import { type ExpectedOptions, expectedRoster } from '../../fixtures/expected.ts'
import type { District } from '../../fixtures/powerschool/district.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { differences, drain } from '../support/roster.ts'

export const BULK: ExpectedOptions = { template: 'powerquery' }
export const BULK_WITH_CONTACTS: ExpectedOptions = { template: 'powerquery', contacts: true }

/** The district's: UTC-7, without summer time. */
const PHOENIX_MS = -7 * 3_600_000

let contactsMapping: Mapping | undefined
/** The default mapping with the switch for contacts thrown. */
export function withContacts(): Mapping {
  const text = 'extends: default\nsettings:\n  include_contacts: true\n'
  contactsMapping ??= loadMapping(readMappingFiles(), { layers: [{ path: 'district.yaml', text }], diagnostics: [] })
  return contactsMapping
}

interface Opening {
  readonly contacts?: boolean
  readonly settings?: Readonly<Record<string, string>>
}

export function openBulk(district: District, { contacts = false, settings = {} }: Opening = {}): Promise<TestBridge> {
  return openTestBridge({ district, hasPlugin: true, settings, ...(contacts ? { mapping: withContacts() } : {}) })
}

/** The day in the district by the bridge's clock. */
export function dayOf(bridge: TestBridge): string {
  return new Date(bridge.clock.now + PHOENIX_MS).toISOString().slice(0, 10)
}

/** What the bridge serves and its tables do not say, or the other way round; `today` is the clock's day unless told. */
export async function disagreements(
  bridge: TestBridge,
  options: ExpectedOptions,
  today = dayOf(bridge),
): Promise<string[]> {
  return differences(expectedRoster({ ...bridge.district, today }, options), await drain(bridge))
}

// Reads the body of a profile of PowerSchool.
import type { ProfileSettings, Read, StoredSettings } from './body.ts'
import { expiryFaults } from './body-expiry.ts'
import { describeIssues } from './body-faults.ts'
import { mappingFaults, repeatedSettings, withLayers } from './body-mapping.ts'
import { partsOf } from './body-parts.ts'
import { KEYS, SHAPE } from './body-shape.ts'
import type { MappingShelf } from './mapping-shelf.ts'

export interface ReadProfile {
  readonly settings: StoredSettings
  /** Undefined: the one that is there. */
  readonly clientSecret: string | undefined
}

export interface DistrictReading {
  readonly mappings: MappingShelf
  readonly now: () => number
}

/** `whole` is what the profile would be, `given` what a person wrote just now. */
export async function readDistrict(
  whole: unknown,
  given: unknown,
  { mappings, now }: DistrictReading,
): Promise<Read<ReadProfile>> {
  const body = withLayers(whole)
  const parsed = SHAPE.safeParse(body)
  const parts = partsOf(SHAPE, body)
  const messages = [
    ...(parsed.success ? [] : describeIssues(parsed.error.issues, whole, KEYS)),
    ...repeatedSettings(parts.sound),
    ...expiryFaults(parts.sound, given, now()),
    ...(await mappingFaults(parts, mappings)),
  ]
  if (!parsed.success || messages.length > 0) return { ok: false, messages }
  const { clientSecret, ...dataProvider } = parsed.data.dataProvider
  const settings: ProfileSettings = { ...parsed.data, dataProvider }
  return { ok: true, value: { settings, clientSecret } }
}

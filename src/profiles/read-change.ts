// What a body makes of the record of a profile: of a new one, or of one that is there.
import { seal } from '../auth/sealing.ts'
import type { ProfileRecord } from '../store/profile.ts'
import type { DefaultSettings, Read, StoredSettings } from './body.ts'
import { type ReadOptions, readChangedDefault, readChangedProfile, readNewProfile } from './body-read.ts'
import { DEFAULT_PROFILE } from './ports.ts'
import { UNTOLD } from './untold.ts'

export interface ChangeOptions extends ReadOptions {
  /** The profile's own. */
  readonly sealingKey: Uint8Array
}

export async function readRecord(body: unknown, id: string, options: ChangeOptions): Promise<Read<ProfileRecord>> {
  const read = await readNewProfile(body, options)
  if (!read.ok) return read
  const { settings, clientSecret } = read.value
  const sealedSecret = clientSecret === undefined ? null : await seal(clientSecret, options.sealingKey, id)
  const nowMs = options.now()
  const stored = { settings: { ...settings }, sealedSecret, createdMs: nowMs, changedMs: nowMs }
  return { ok: true, value: { ...UNTOLD, ...stored, id, state: 'provisioning' } }
}

export async function readChange(
  body: unknown,
  record: ProfileRecord,
  options: ChangeOptions,
): Promise<Read<Partial<ProfileRecord>>> {
  if (record.id === DEFAULT_PROFILE) {
    const read = await readChangedDefault(body, record.settings as DefaultSettings, options)
    return read.ok ? { ok: true, value: { settings: { ...read.value } } } : read
  }
  // Written by this file only.
  const before = record.settings as unknown as StoredSettings
  const read = await readChangedProfile(body, before, options)
  if (!read.ok) return read
  const { settings, clientSecret } = read.value
  const secret =
    clientSecret === undefined ? {} : { sealedSecret: await seal(clientSecret, options.sealingKey, record.id) }
  return { ok: true, value: { settings: { ...settings }, state: 'provisioning', ...secret } }
}

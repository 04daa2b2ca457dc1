// The bindings of the Worker, and the settings among them.
import type { DurableObjectNamespace } from 'cloudflare:workers'
import { SEALING_KEY_BYTES } from '../auth/sealing.ts'
import { type Config, type ConfigFault, formatFaults, readConfig } from '../config.ts'
import type { ControlObject } from './control-object.ts'
import type { ProfileObject } from './profile-object.ts'
import type { RestorableStub, RestoreNote } from './restore.ts'

export interface Environment {
  readonly PROFILES: DurableObjectNamespace<ProfileStub>
  readonly CONTROL: DurableObjectNamespace<ControlStub>
  /** 32 bytes in base64, a secret: consumers' and PowerSchool's secrets are sealed with it. */
  readonly SEALING_KEY?: string
  /** Requests to PowerSchool in a step, for plans that allow fewer. */
  readonly STEP_REQUESTS?: string
}

export type ProfileStub = Pick<ProfileObject, 'fetch' | 'wake'> & RestorableStub
/** As it is called from outside: everything is a promise. */
export interface ControlStub {
  list(): Promise<ReturnType<ControlObject['list']>>
  has(id: string): Promise<boolean>
  add(id: string): Promise<void>
  forget(id: string): Promise<void>
  remove(id: string): Promise<void>
  noteRestore(note: RestoreNote): Promise<void>
  restores(): Promise<readonly RestoreNote[]>
  endRestore(id: string, ticket: string): Promise<void>
}

export interface Settings {
  readonly config: Config
  readonly sealingKey: Uint8Array
  readonly stepRequests: number | undefined
}

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly message: string }

const POWERSCHOOL = ['POWERSCHOOL_URL', 'POWERSCHOOL_CLIENT_ID', 'POWERSCHOOL_CLIENT_SECRET']

/** Every fault at once, as `readConfig` tells them. Without a PowerSchool there is no profile `default`. */
export function readSettings(environment: Environment): SettingsResult {
  const texts = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  const hasPowerSchool = POWERSCHOOL.some((name) => texts[name]?.trim())
  const read = readConfig(texts, { needsPowerSchool: hasPowerSchool })
  const sealingKey = readKey(texts.SEALING_KEY)
  const stepRequests = readCount(texts.STEP_REQUESTS)
  const faults: ConfigFault[] = [
    ...(read.ok ? [] : read.faults),
    ...(sealingKey === undefined ? [NO_KEY] : []),
    ...(stepRequests === null ? [BAD_COUNT] : []),
    ...(texts.MAPPING?.trim() ? [NO_FILES] : []),
  ]
  if (!read.ok || sealingKey === undefined || stepRequests === null || faults.length > 0) {
    return { ok: false, message: formatFaults(faults) }
  }
  return { ok: true, settings: { config: read.config, sealingKey, stepRequests } }
}

const NO_KEY: ConfigFault = {
  variable: 'SEALING_KEY',
  message: 'is not set, or is not 32 bytes in base64',
  remedy: 'Make one (openssl rand -base64 32), keep a copy, and set it: wrangler secret put SEALING_KEY.',
}

const BAD_COUNT: ConfigFault = {
  variable: 'STEP_REQUESTS',
  message: 'is not a whole number from 20 to 10000',
  remedy: 'Give how many requests an alarm may send, or leave it unset for 900.',
}

const NO_FILES: ConfigFault = {
  variable: 'MAPPING',
  message: 'names a file, and a Worker has none',
  remedy: 'Leave it unset; give the layers to PATCH /admin/profiles/default instead.',
}

function readKey(text: string | undefined): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.from(atob(text?.trim() ?? ''), (letter) => letter.charCodeAt(0))
    return bytes.length === SEALING_KEY_BYTES ? bytes : undefined
  } catch {
    return undefined
  }
}

/** Null for what is no count. */
function readCount(text: string | undefined): number | undefined | null {
  if (text === undefined || text.trim() === '') return undefined
  const count = Number(text)
  return Number.isInteger(count) && count >= 20 && count <= 10_000 ? count : null
}

// The settings as the commands read them; every fault at once.
import { type Config, type ConnectedConfig, formatFaults, readConfig } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { DEFAULT_PROFILE } from '../store/profile.ts'
import type { CommandInput } from './command.ts'

const REMEDY = 'Set them in the environment and try again.'

/** Settings with the PowerSchool connection. Refuses with `settings-invalid`. */
export function connectedSettings(): ConnectedConfig {
  const read = readConfig(process.env, { needsPowerSchool: true })
  if (read.ok) return read.config
  throw new BridgeError('settings-invalid', formatFaults(read.faults), { remedy: REMEDY })
}

/** Settings for a command about a profile: another one than the environment's has its connection itself. */
export function settingsFor({ values }: Pick<CommandInput, 'values'>): Config {
  return values.profile === undefined || values.profile === DEFAULT_PROFILE ? connectedSettings() : localSettings()
}

/** Settings for commands that only touch the store. Refuses with `settings-invalid`. */
export function localSettings(): Config {
  const read = readConfig(process.env, { needsPowerSchool: false })
  if (read.ok) return read.config
  throw new BridgeError('settings-invalid', formatFaults(read.faults), { remedy: REMEDY })
}

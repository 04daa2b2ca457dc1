// The log of one profile among several.
import type { Log } from '../log.ts'
import { DEFAULT_PROFILE } from './ports.ts'

/** Every line says whose it is; those of the environment's profile are as they were when it was the only one. */
export function profileLog(log: Log, profile: string): Log {
  if (profile === DEFAULT_PROFILE) return log
  return {
    debug: (event, fields) => log.debug(event, { profile, ...fields }),
    info: (event, fields) => log.info(event, { profile, ...fields }),
    warn: (event, fields) => log.warn(event, { profile, ...fields }),
    error: (event, fields) => log.error(event, { profile, ...fields }),
  }
}

// A district's bridge whose mapping is there already: what makes its roster, wired with what serves it.
import { createDistrict, type District, type DistrictOptions } from './district.ts'
import { serveRoster, type Wired } from './serving.ts'

export type BridgeOptions = Omit<DistrictOptions, 'fault'>

export interface Bridge extends Wired, Pick<District, 'client' | 'sync'> {}

/** Over a prepared store; nothing runs until `schedule.start()`. */
export function createBridge(options: BridgeOptions): Bridge {
  const { maker, client, sync } = createDistrict(options)
  return { ...serveRoster({ ...options, served: sync.served }, maker), client, sync }
}

import { type Shape } from './hello.ts'

/** What kind of device it is: decides what it does all day. */
export type Role =
  | 'nas'
  | 'printer'
  | 'laptop'
  | 'phone'
  | 'tv'
  | 'camera'
  | 'telephone'
  | 'monitor'
  | 'guest'

export type System = 'windows' | 'macos' | 'linux' | 'ios' | 'android' | 'embedded'

/** One device of the office. */
export interface Part {
  readonly name: string
  readonly role: Role
  readonly system: System
  readonly mac: string
  /** Last number of its address; it is always the same. */
  readonly host: number
  readonly browser?: Shape
  readonly userAgent?: string
  /** Stays on at night, in its dock. */
  readonly docked?: boolean
  /** Days for which a randomised MAC is kept. */
  readonly macDays?: number
  readonly ipv6?: boolean
}

export const GATEWAY = { name: 'gateway', mac: '3c:a6:2f:51:08:a1', ip: '192.168.10.1' } as const

const chromeAgent = (os: string) =>
  `Mozilla/5.0 (${os}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36`
const WINDOWS = 'Windows NT 10.0; Win64; x64'
const MAC = 'Macintosh; Intel Mac OS X 10_15_7'
const LINUX = 'X11; Linux x86_64'
const safariAgent =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15'
const phoneAgent =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1'
const firefoxAgent = (os: string) => `Mozilla/5.0 (${os}; rv:148.0) Gecko/20100101 Firefox/148.0`

function windows(name: string, mac: string, host: number, more: Partial<Part> = {}): Part {
  const base = { browser: 'chrome', userAgent: chromeAgent(WINDOWS), ipv6: true } as const
  return { name, role: 'laptop', system: 'windows', mac, host, ...base, ...more }
}

function mac(name: string, address: string, host: number, more: Partial<Part> = {}): Part {
  const base = { browser: 'safari', userAgent: safariAgent, ipv6: true } as const
  return { name, role: 'laptop', system: 'macos', mac: address, host, ...base, ...more }
}

function linux(name: string, address: string, host: number, more: Partial<Part> = {}): Part {
  const base = { browser: 'firefox', userAgent: firefoxAgent(LINUX), ipv6: true } as const
  return { name, role: 'laptop', system: 'linux', mac: address, host, ...base, ...more }
}

function iphone(name: string, address: string, host: number, macDays?: number): Part {
  const base = { browser: 'safari', userAgent: phoneAgent, ipv6: true } as const
  const more = macDays === undefined ? {} : { macDays }
  return { name, role: 'phone', system: 'ios', mac: address, host, ...base, ...more }
}

function android(name: string, address: string, host: number, macDays?: number): Part {
  const agent = chromeAgent('Linux; Android 10; K').replace('Safari', 'Mobile Safari')
  const more = macDays === undefined ? {} : { macDays }
  return {
    ...{ name, role: 'phone', system: 'android', mac: address, host },
    ...{ browser: 'chrome', userAgent: agent, ...more },
  }
}

function thing(name: string, role: Role, address: string, host: number, ipv6 = false): Part {
  return { name, role, system: 'embedded', mac: address, host, docked: true, ipv6 }
}

/** Everyone but the gateway. */
export const CAST: readonly Part[] = [
  { ...thing('nas', 'nas', '00:11:32:a4:19:5c', 10, true), system: 'linux' },
  { ...thing('monitor', 'monitor', '0c:c4:7a:33:90:12', 11), system: 'linux' },
  thing('HP-Office-2A1B', 'printer', '3c:d9:2b:2a:1b:07', 20),
  thing('BRW008077AB31', 'printer', '00:80:77:0b:ab:31', 21),
  thing('Canon-Lab', 'printer', '00:1e:8f:55:c2:90', 22),
  windows('PC-ANNA', 'f8:bc:12:07:3e:11', 100),
  windows('PC-BERND', 'f8:bc:12:07:41:9a', 101, { docked: true }),
  windows('PC-CARLA', '54:e1:ad:1c:02:77', 102, {
    browser: 'firefox',
    userAgent: firefoxAgent(WINDOWS),
  }),
  windows('PC-DAVID', '54:e1:ad:1c:8a:03', 103, { docked: true }),
  windows('PC-ELENA', '34:13:e8:90:4d:52', 104),
  windows('PC-FELIX', '34:13:e8:91:17:e0', 105),
  mac('Gretas-MacBook', '3c:22:fb:10:aa:41', 106),
  mac('Hugos-MacBook', '3c:22:fb:7e:05:9d', 107, {
    browser: 'chrome',
    userAgent: chromeAgent(MAC),
  }),
  mac('Idas-MacBook', 'f0:18:98:6b:33:28', 108),
  linux('jonas', '34:13:e8:a2:60:0b', 109, { docked: true }),
  linux('karla', '34:13:e8:a2:71:5f', 110),
  linux('levi', '54:e1:ad:40:12:b6', 111, { browser: 'chrome', userAgent: chromeAgent(LINUX) }),
  iphone('Annas-iPhone', '7c:9a:1d:41:03:e2', 120),
  iphone('Bernds-iPhone', 'a4:83:e7:5a:90:17', 121),
  iphone('Carlas-iPhone', 'd6:21:5e:08:7b:40', 122, 4),
  iphone('Davids-iPhone', 'aa:17:90:c3:5e:61', 123, 6),
  android('Galaxy-S24', '8c:79:f5:20:6e:d8', 124),
  android('Pixel-8', 'f4:f5:e8:77:10:3c', 125),
  android('Pixel-9', '7e:40:b2:1f:66:09', 126, 3),
  android('Galaxy-A55', '2a:93:0c:ee:41:75', 127, 5),
  thing('Samsung-TV', 'tv', '8c:79:f5:d0:11:42', 130),
  thing('LGwebOSTV', 'tv', '38:8c:50:9e:27:14', 131),
  thing('cam-door', 'camera', '44:19:b6:0a:5d:33', 140),
  thing('cam-yard', 'camera', 'ac:cc:8e:61:f7:20', 141),
  thing('SIP-T54W', 'telephone', '80:5e:c0:3b:88:1d', 150),
  { ...windows('DESKTOP-9QK2', '98:fa:9b:4c:21:0e', 160), role: 'guest' },
]

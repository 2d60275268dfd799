import { hassh, hasshServer, type SshHello } from './ssh.ts'

/** The part of an `orthrus.ssh` document that one side's hello fills. */
export interface SshFields {
  readonly orthrus: {
    readonly ssh: {
      readonly client?: string
      readonly server?: string
      readonly hassh?: string
      readonly hassh_server?: string
      readonly cut?: true
    }
  }
}

/** ECS fields of a hello (EVENTS.md `orthrus.ssh`); `fromServer` says whose it is. */
export function sshFields(hello: SshHello, fromServer: boolean): SshFields {
  const { banner, kexInit } = hello
  const cut = hello.cut && { cut: true as const }
  if (fromServer) {
    return {
      orthrus: {
        ssh: {
          ...(banner !== undefined && { server: banner }),
          ...(kexInit && { hassh_server: hasshServer(kexInit) }),
          ...cut,
        },
      },
    }
  }
  return {
    orthrus: {
      ssh: {
        ...(banner !== undefined && { client: banner }),
        ...(kexInit && { hassh: hassh(kexInit) }),
        ...cut,
      },
    },
  }
}

// swift-tools-version: 6.2
import Foundation
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
  name: "proxyd",
  products: [
    .library(name: "ProxyCore", targets: ["ProxyCore"]),
    .executable(name: "proxyd", targets: ["proxyd"]),
  ],
  targets: [
    .systemLibrary(name: "CLinux"),
    .target(name: "ProxyCore", dependencies: ["CLinux"], swiftSettings: settings),
    .target(name: "RESPFront", dependencies: ["ProxyCore"], swiftSettings: settings),
    // What HTTP is on the wire, for all who speak it.
    .target(name: "HTTP", dependencies: ["ProxyCore"], swiftSettings: settings),
    .target(name: "HTTPFront", dependencies: ["ProxyCore", "HTTP"], swiftSettings: settings),
    .target(name: "AdminFront", dependencies: ["ProxyCore", "HTTP"], swiftSettings: settings),
    // All of the program but its entry, which no other program could have beside its own.
    .target(
      name: "Daemon", dependencies: ["ProxyCore", "HTTP", "RESPFront", "HTTPFront", "AdminFront"],
      path: "Sources/proxyd", exclude: ["Entry"], swiftSettings: settings),
    .executableTarget(
      name: "proxyd", dependencies: ["Daemon"], path: "Sources/proxyd/Entry",
      swiftSettings: settings),

    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .target(
      name: "TestSupport", dependencies: ["ProxyCore", "AllocationCounter"], path: "Tests/Support",
      swiftSettings: settings),
    .target(
      name: "FuzzTargets",
      dependencies: ["ProxyCore", "HTTP", "RESPFront", "HTTPFront", "Daemon", "TestSupport"],
      path: "Tests/Fuzz/Targets", swiftSettings: settings),
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Program",
      swiftSettings: settings),
    .testTarget(
      name: "FuzzTests", dependencies: ["FuzzTargets", "TestSupport"], path: "Tests/Fuzz/Tests",
      swiftSettings: settings),
    .executableTarget(name: "floor", path: "bench/Floor"),
    .executableTarget(
      name: "load", path: "bench/Load", linkerSettings: [.linkedLibrary("m")]),
    .executableTarget(
      name: "bench-core", dependencies: ["ProxyCore"], path: "bench/Core", swiftSettings: settings),
    .executableTarget(
      name: "bench-client", dependencies: ["ProxyCore", "TestSupport"], path: "bench/Client",
      swiftSettings: settings),
    .executableTarget(
      name: "bench-start", dependencies: ["TestSupport"], path: "bench/Start",
      swiftSettings: settings),
    .executableTarget(
      name: "bench-budgets", dependencies: ["TestSupport"], path: "bench/Budgets",
      swiftSettings: settings),
    .executableTarget(
      name: "memory-server", dependencies: ["ProxyCore"], path: "bench/MemoryServer",
      swiftSettings: settings),
    .executableTarget(
      name: "bench", dependencies: ["TestSupport"], path: "bench/Harness", swiftSettings: settings),
    .testTarget(
      name: "BenchTests", dependencies: ["bench"], path: "bench/Tests", swiftSettings: settings),
    .testTarget(
      name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: settings),
    .testTarget(name: "TidyTests", dependencies: ["TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "RESPFrontTests",
      dependencies: ["ProxyCore", "RESPFront", "TestSupport", "AllocationCounter"],
      swiftSettings: settings),
    .testTarget(
      name: "HTTPFrontTests",
      dependencies: [
        "ProxyCore", "HTTP", "HTTPFront", "RESPFront", "TestSupport", "AllocationCounter",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "AdminFrontTests",
      dependencies: ["ProxyCore", "HTTP", "AdminFront", "HTTPFront", "RESPFront", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "ProxydTests", dependencies: ["ProxyCore", "Daemon", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "EndToEndTests", dependencies: ["proxyd", "Daemon", "ProxyCore", "TestSupport"],
      path: "Tests/EndToEnd",
      swiftSettings: settings),
    .testTarget(
      name: "ProxyCoreTests", dependencies: ["ProxyCore", "TestSupport", "AllocationCounter"],
      swiftSettings: settings),
  ]
)

// Optimized, all tests take minutes to compile; `make budgets` needs these files of them.
if Context.environment["BUDGETS_ONLY"] != nil {
  let needed: [String: Set] = [
    "ProxyCoreTests": [
      "Cache/ByteCacheTests.swift", "Cache/CacheBudgetTests.swift", "Loop/LoopBudgetTests.swift",
      "Loop/TestPeer.swift", "RESP/Decoders.swift", "Redis/LinkBudgetTests.swift",
      "Redis/LinkScript.swift",
    ],
    "HTTPFrontTests": [
      "HTTPBudgetTests.swift", "HTTPDecoder.swift", "HTTPExchange.swift",
      "HTTPSessionBudgetTests.swift", "HTTPStack.swift",
    ],
    "RESPFrontTests": ["RESPSessionBudgetTests.swift", "Stack.swift"],
  ]
  package.targets.removeAll { $0.type == .test && needed[$0.name] == nil }
  for target in package.targets {
    guard let files = needed[target.name] else { continue }
    let folder = "\(Context.packageDirectory)/Tests/\(target.name)"
    let all = FileManager.default.subpaths(atPath: folder) ?? []
    target.exclude = all.filter { $0.hasSuffix(".swift") && !files.contains($0) }
  }
}

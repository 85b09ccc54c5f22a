// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "NearCache",
  dependencies: [.package(name: "proxyd", path: "../..")],
  targets: [
    .executableTarget(
      name: "NearCache", dependencies: [.product(name: "ProxyCore", package: "proxyd")])
  ]
)

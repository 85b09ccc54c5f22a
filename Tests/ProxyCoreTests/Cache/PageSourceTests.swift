import TestSupport
import Testing

@testable import ProxyCore

@Suite struct PageSourceTests {
  @Test func `the first piece is small and serves before any other`() throws {
    let source = PageSource()
    #expect(source.piecesMapped == 0)
    var addresses: [UInt] = []
    for _ in 0..<PageSource.firstPiecePages {
      let page = unsafe try #require(source.take())
      addresses.append(UInt(bitPattern: page))
    }
    #expect(source.piecesMapped == 1)
    let lowest = try #require(addresses.min())
    let highest = try #require(addresses.max())
    #expect(highest - lowest == UInt((PageSource.firstPiecePages - 1) * PageSource.pageBytes))
    #expect(unsafe source.take() != nil)
    #expect(source.piecesMapped == 2)
  }

  @Test func `no page is handed out twice, in whatever order pages come and go`() throws {
    var random = SeededGenerator.forTest()
    let source = PageSource()
    var pages = unsafe [UnsafeMutableRawPointer]()
    // Waves, so that many pieces fill and drain; each page bears a mark of its own at either end.
    for wave in 0..<6 {
      for step in 0..<4_000 {
        let takes = Int.random(in: 0..<10, using: &random) < (wave.isMultiple(of: 2) ? 8 : 2)
        if unsafe takes || pages.isEmpty {
          let page = unsafe try #require(source.take())
          unsafe mark(page)
          unsafe pages.append(page)
        } else {
          let number = unsafe Int.random(in: pages.indices, using: &random)
          unsafe pages.swapAt(number, pages.count - 1)
          let page = unsafe pages.removeLast()
          #expect(unsafe isMarked(page), "wave \(wave), step \(step)")
          unsafe page.storeBytes(of: 0, as: UInt.self)
          unsafe source.give(back: page)
        }
      }
      #expect(unsafe Set(pages).count == pages.count)
      #expect(unsafe pages.indices.allSatisfy { unsafe isMarked(pages[$0]) })
    }
  }

  @Test func `pieces go back when empty, all but the first and a spare`() throws {
    var random = SeededGenerator.forTest()
    let source = PageSource()
    for _ in 0..<3 {
      var pages = unsafe try take(
        PageSource.firstPiecePages + 10 * PageSource.piecePages, of: source)
      #expect(source.piecesMapped == 11)
      unsafe pages.shuffle(using: &random)
      for number in unsafe pages.indices { unsafe source.give(back: pages[number]) }
      #expect(source.piecesMapped == 2)
    }
  }

  @Test func `a page that comes and goes at a piece's edge maps nothing anew`() throws {
    let source = PageSource()
    unsafe _ = try take(PageSource.firstPiecePages + PageSource.piecePages, of: source)
    for _ in 0..<100 {
      let page = unsafe try #require(source.take())
      #expect(source.piecesMapped == 3)
      unsafe source.give(back: page)
      #expect(source.piecesMapped == 3)
    }
  }

  @Test func `the fullest piece serves first, so that the emptier ones drain`() throws {
    let source = PageSource()
    unsafe _ = try take(PageSource.firstPiecePages, of: source)
    let fuller = unsafe try take(PageSource.piecePages, of: source)
    let emptier = unsafe try take(PageSource.piecePages, of: source)
    for number in 1..<PageSource.piecePages { unsafe source.give(back: emptier[number]) }
    for number in 0..<50 { unsafe source.give(back: fuller[number]) }
    let again = unsafe try take(50, of: source)
    #expect(unsafe Set(again) == Set(fuller[..<50]))
    #expect(unsafe emptier.contains(try #require(source.take())))
  }

  @Test func `what is left of a thinned piece keeps its contents, and fills up again`() throws {
    let source = PageSource()
    unsafe _ = try take(PageSource.firstPiecePages, of: source)
    let pages = unsafe try take(PageSource.piecePages, of: source)
    for number in unsafe pages.indices { unsafe mark(pages[number]) }
    for _ in 0..<3 {
      for number in stride(from: 1, to: PageSource.piecePages, by: 2) {
        unsafe source.give(back: pages[number])
      }
      for number in stride(from: 0, to: PageSource.piecePages, by: 2) {
        #expect(unsafe isMarked(pages[number]))
      }
      // Discarded, so they read as zero.
      let again = unsafe try take(PageSource.piecePages / 2, of: source)
      #expect(unsafe again.allSatisfy { unsafe $0.load(as: UInt.self) == 0 })
      #expect(unsafe Set(again).isSubset(of: pages))
    }
    #expect(source.piecesMapped == 2)
  }

  private func take(_ count: Int, of source: PageSource) throws -> [UnsafeMutableRawPointer] {
    var pages = unsafe [UnsafeMutableRawPointer]()
    for _ in 0..<count { unsafe pages.append(try #require(source.take())) }
    return unsafe pages
  }

  private func mark(_ page: UnsafeMutableRawPointer) {
    unsafe page.storeBytes(of: UInt(bitPattern: page), as: UInt.self)
    unsafe page.storeBytes(
      of: ~UInt(bitPattern: page), toByteOffset: PageSource.pageBytes - 8, as: UInt.self)
  }

  private func isMarked(_ page: UnsafeMutableRawPointer) -> Bool {
    let last = unsafe page.load(fromByteOffset: PageSource.pageBytes - 8, as: UInt.self)
    return unsafe page.load(as: UInt.self) == UInt(bitPattern: page)
      && last == ~UInt(bitPattern: page)
  }
}

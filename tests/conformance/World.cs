using DaprShop.Conformance.Tests.Sidecars;

[assembly: AssemblyFixture(typeof(TestWorld))]

using DaprShop.Local.Hosting;

namespace DaprShop.Local.Tests.Hosting;

public sealed class FreePortsTests
{
    [Fact]
    public void No_port_is_named_twice_while_there_are_others()
    {
        var ports = Enumerable.Range(0, 200).Select(_ => FreePorts.Take()).ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, 11_000, 32_000));
    }

    [Fact]
    public void There_are_always_more() => Assert.All(Enumerable.Range(0, 3_000), _ => Assert.True(FreePorts.Take() > 0));

    [Fact]
    public void The_block_of_a_port_is_nobody_elses()
    {
        var file = FreePorts.LockOf(FreePorts.Take());
        Assert.Throws<IOException>(() => new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose());
    }
}

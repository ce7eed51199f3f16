namespace DaprShop.Inventory;

/// <summary>
/// Whoever would change a product waits for those before it in this process, first come, first served; so rivals do not collide at the
/// store, and none starves. Several products are entered in one order everywhere, so nobody waits in a circle. There is a fixed number of
/// doors, so nothing grows with the catalogue; two products behind one door only wait for each other.
/// </summary>
public sealed class Turns
{
    private readonly SemaphoreSlim[] _doors = [.. Enumerable.Range(0, 512).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Ends when it is the caller's turn with all of the products. Dispose what it gives to end the turn.</summary>
    public async ValueTask<IDisposable> EnterAsync(IEnumerable<string> productIds, CancellationToken cancellation)
    {
        var doors = productIds.Select(DoorOf).Distinct().Order().Select(door => _doors[door]).ToArray();
        var entered = 0;
        try
        {
            for (; entered < doors.Length; entered++) await doors[entered].WaitAsync(cancellation);
        }
        catch
        {
            new Turn(doors[..entered]).Dispose();
            throw;
        }

        return new Turn(doors);
    }

    private int DoorOf(string productId) => (int)((uint)productId.GetHashCode() % (uint)_doors.Length);

    private sealed class Turn(SemaphoreSlim[] doors) : IDisposable
    {
        public void Dispose()
        {
            foreach (var door in doors) door.Release();
        }
    }
}

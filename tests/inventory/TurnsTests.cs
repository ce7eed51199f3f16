namespace DaprShop.Inventory.Tests;

/// <summary>Taking turns within a process.</summary>
public class TurnsTests
{
    private readonly Turns _turns = new();

    [Fact]
    public async Task Nobody_meets_and_nobody_waits_in_a_circle()
    {
        var inside = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0, ["c"] = 0 };
        string[][] orders = [["a", "b"], ["b", "a"], ["c", "a", "b"], ["b", "c"]];
        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(async () =>
        {
            var products = orders[i % orders.Length];
            using var turn = await _turns.EnterAsync(products, TestContext.Current.CancellationToken);
            foreach (var product in products) Assert.Equal(1, ++inside[product]);
            await Task.Yield();
            foreach (var product in products) inside[product]--;
        }))).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_nothing_locked()
    {
        using var gone = new CancellationTokenSource();
        var first = await _turns.EnterAsync(["a"], CancellationToken.None);
        var waiting = _turns.EnterAsync(["a", "b", "c"], gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        first.Dispose();
        using var all = await _turns.EnterAsync(["a", "b", "c"], CancellationToken.None).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}

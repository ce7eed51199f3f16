namespace DaprShop.Local.ConfigStores;

/// <summary>Tells one subscriber one thing after the other, however long each takes: what is told last is how things are.</summary>
internal sealed class Teller
{
    private readonly Lock _gate = new();
    private Task _told = Task.CompletedTask;

    /// <param name="tell">Does not throw.</param>
    public void Tell(Func<Task> tell)
    {
        lock (_gate) _told = TellAfterAsync(_told, tell);
    }

    private static async Task TellAfterAsync(Task before, Func<Task> tell)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await tell();
    }
}

namespace DaprShop.Local.PubSub;

/// <summary>How much waits for an app, or is being handled by it.</summary>
/// <param name="PubSub">The component.</param>
/// <param name="Topic">The topic.</param>
/// <param name="App">Whose queue.</param>
/// <param name="Depth">Messages.</param>
public sealed record QueueDepth(string PubSub, string Topic, string App, long Depth);

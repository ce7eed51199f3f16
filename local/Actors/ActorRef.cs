namespace DaprShop.Local.Actors;

/// <summary>Names one actor.</summary>
public readonly record struct ActorRef(string Type, string Id)
{
    public const string Separator = "||";

    /// <summary>Types that start so belong to Dapr's own workflow engine.</summary>
    public const string ReservedPrefix = "dapr.internal.";

    public override string ToString() => Type + Separator + Id;
}

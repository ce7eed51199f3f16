namespace DaprShop.Inventory;

/// <summary>What is written in one transaction with the stocks it is about.</summary>
public interface IStockRecord
{
    IEnumerable<string> ProductIds { get; }
}

/// <summary>What shall be: a record and the stocks it is about. Only what is another object than before is written.</summary>
/// <param name="Record">Null when nothing shall be known.</param>
/// <param name="Stocks">By product id, those that stay as they are among them.</param>
public sealed record Decision<TRecord>(TRecord? Record, IReadOnlyDictionary<string, Stock> Stocks) where TRecord : class, IStockRecord;

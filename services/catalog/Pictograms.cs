using System.Collections.Frozen;

namespace DaprShop.Catalog;

/// <summary>Line drawings on a 24 × 24 grid (SVG path data), chosen by the product's kind (its id without the number), else by its category.</summary>
public static class Pictograms
{
    private const string Parcel = "M4 8l8-5 8 5v9l-8 5-8-5zM4 8l8 5 8-5M12 13v9";

    private static readonly FrozenDictionary<string, string> s_drawings = Drawings().ToFrozenDictionary(StringComparer.Ordinal);

    public static string For(Product product) =>
        s_drawings.GetValueOrDefault(Kind(product.Id)) ?? s_drawings.GetValueOrDefault(product.Category) ?? Parcel;

    private static string Kind(string id) => id.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').TrimEnd('-');

    private static Dictionary<string, string> Drawings()
    {
        var drawings = new Dictionary<string, string>(StringComparer.Ordinal);
        void Draw(string path, params ReadOnlySpan<string> kinds)
        {
            foreach (var kind in kinds) drawings[kind] = path;
        }

        Draw("M2 11h13v2a4 4 0 0 1-4 4H6a4 4 0 0 1-4-4zM15 12h7", "skillet");
        Draw("M5 10h14v6a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3zM2.5 12H5M19 12h2.5M4 10h16M12 10V8M9 7.5h6", "saucepan", "dutch-oven", "cookset");
        Draw("M3 21l6-6M9 15L19 4c2 4 1 8-5 13z", "knife", "spatula", "peeler");
        Draw("M7 3h10a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM12 6.5h.01M9 17h6", "board", "tray", "grater");
        Draw("M3 11h18a9 9 0 0 1-6 8.5H9A9 9 0 0 1 3 11zM8 7c0-2 2-2 2-4M13 7c0-2 2-2 2-4", "kitchen", "bowl");
        Draw("M6 20h11l-1.5-9a4 4 0 0 0-8 0zM9.5 7a2 2 0 0 1 4 0M16 12l4-3M7 10C3 9 3 15 6.6 16", "kettle", "press");
        Draw("M5 8h11v8a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM16 10h1.5a2.5 2.5 0 0 1 0 5H16M8 5V3M11 5V3M14 5V3", "coffee-and-tea", "mug", "espresso");
        Draw("M7 3h10l1 4v13a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V7zM6 7h12M12 11c-2.5 1.5-2.5 5 0 6.5 2.5-1.5 2.5-5 0-6.5zM12 11v6.5", "coffee");
        Draw("M5 19C5 9 11 5 20 4c0 10-4 15-12 15M5 21c1-5 4-8 9-10", "tea");
        Draw("M6 11h11a6 6 0 0 1-3 8H9a6 6 0 0 1-3-8zM8 11a3.5 3.5 0 0 1 7 0M11.5 7.5V6M17 13l4-3M6 12c-4-1-4 5 .5 5", "teapot", "moka-pot");
        Draw("M7 11h10l-1 9H8zM8 11V8h8v3M12 8V4h6M18 4v1.5", "grinder", "mill");
        Draw("M4 5h16l-5 8v6l-6 2v-8z", "dripper", "filter", "colander");
        Draw("M2 8h20M4 8v12M20 8v12M13 8v6h7", "desk");
        Draw("M8 3h8v8H8zM6 14h12M12 14v4M7 21l5-3 5 3M12 11v3", "chair");
        Draw("M8 4h8l3 8H5zM12 12v7M8 20h8", "lamp", "table-lamp", "shade", "night-light");
        Draw("M12 2v6M5 15a7 7 0 0 1 14 0zM10 15a2 2 0 0 0 4 0", "pendant", "wall-light");
        Draw("M9 3h6l2.5 6h-11zM12 9v12M8 21h8", "floor-lamp");
        Draw("M9 17h6M10 20h4M12 3a6 6 0 0 0-3.5 10.8c.5.6.5 1.2.5 3.2h6c0-2 0-2.6.5-3.2A6 6 0 0 0 12 3z", "lighting", "bulb", "dimmer");
        Draw("M8 10h8v10H8zM12 10V8M12 3c-2 2-2 3.5 0 5 2-1.5 2-3 0-5z", "candle", "diffuser");
        Draw("M8 8h8l1 10H7zM6 21h12M9 8a3 3 0 0 1 6 0M12 11v4", "lantern", "headlamp");
        Draw("M2 7h20v11H2zM6 11h.01M10 11h.01M14 11h.01M18 11h.01M7 15h10", "keyboard");
        Draw("M12 3a5 5 0 0 1 5 5v8a5 5 0 0 1-10 0V8a5 5 0 0 1 5-5zM12 7v3", "mouse");
        Draw("M4 16v-3a8 8 0 0 1 16 0v3M4 15h3v6H5a1 1 0 0 1-1-1zM20 15h-3v6h2a1 1 0 0 0 1-1z", "headphones", "headset", "earbuds");
        Draw("M6 3h12v18H6zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM12 6.5h.01", "audio", "speaker", "soundbar");
        Draw("M3 4h18v16H3zM10 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM10 12h.01M18 7v5l-3 3", "turntable", "player", "stylus");
        Draw("M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6", "microphone");
        Draw("M3 9h18v11H3zM7 9l9-5M8.5 17a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM15 13h3M15 16h3", "radio", "amplifier");
        Draw("M6 3h12v18H6zM9 8h6M9 12h6M4 7h3M4 12h3M4 17h3", "notebook", "calendar");
        Draw("M4 20l1-5L16 4l4 4L9 19zM14 6l4 4", "home-office", "pen");
        Draw("M12 14a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM12 10.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM8 20l1.5-6.5M16 20l-1.5-6.5M7 20h10", "webcam");
        Draw("M3 4h18v12H3zM9 20h6M12 16v4", "monitor-arm", "whiteboard");
        Draw("M12 4L3 20h18zM12 11l-4 9M12 11l4 9", "outdoors", "tent");
        Draw("M7 3h10v14a4 4 0 0 1-4 4h-2a4 4 0 0 1-4-4zM7 9h10M12 9v9", "sleeping-bag", "sleeve");
        Draw("M10 2h4v4l2 3v11a2 2 0 0 1-2 2h-4a2 2 0 0 1-2-2V9l2-3zM8 13h8", "bottle", "fertilizer");
        Draw("M12 3c1 4 5 5 5 10a5 5 0 0 1-10 0c0-3 2-4 2-6 2 1 3 2 3 3 0-2 0-5 0-7zM6 21h12", "stove");
        Draw("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM15.5 8.5l-2 5-5 2 2-5z", "compass", "timer");
        Draw("M3 4v16M21 4v16M3 8c5 9 13 9 18 0M3 8c5 4 13 4 18 0", "hammock");
        Draw("M4 7h16v13H4zM10 11h4M12 9v4M9 7V4h6v3", "first-aid", "cooler");
        Draw("M6 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM6 21a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM20 4L8.1 15.9M14.5 14.5L20 20M8.1 8.1L12 12", "secateurs", "twine");
        Draw("M12 3v9M9 3h6M8 12h8v3c0 3-2 5-4 6-2-1-4-3-4-6z", "trowel", "spade", "fork", "ladle");
        Draw("M7 10h9v10H7zM16 15l5-7M19.5 7l3 2M7 12H5a2 2 0 0 0 0 5h2M8 10a3.5 3.5 0 0 1 7 0", "watering-can");
        Draw("M6 14h12l-1.5 7h-9zM12 14V8M12 9c0-4 3-5 6-5 0 4-2 6-6 6M12 11C12 8 9 7 6 7c0 3 2 5 6 5", "garden", "planter");
        Draw("M7 4h10v17H7zM7 8h10M12 18v-4M12 15c0-2 1.5-3 3-3 0 2-1 3-3 3zM12 16c0-1.5-1.5-2.5-3-2.5", "seeds");
        Draw("M5 10l7-6 7 6v10H5zM12 15a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM12 17v1.5", "bird-house", "bird-feeder");
        Draw("M5 4h14v16H5zM5 15h14M5 17.5h14", "towel", "robe", "blanket", "mat", "apron");
        Draw("M4 12h16v6a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM8 12a4 4 0 0 1 8 0M9 5h.01M15 4h.01M12 3h.01", "bath-and-body", "soap", "shampoo");
        Draw("M8 9h8v12H8zM12 9V5M9 5h5M11 14h2", "lotion", "oil", "dispenser");
        Draw("M5 4h14v4H5zM12 8v13", "razor");
        Draw("M12 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM12 15v6M8 21h8", "mirror");
        Draw("M4 9h16l-2 11H6zM8 9l3-6M16 9l-3-6M10 13v4M14 13v4", "basket");
        Draw("M4 4h16v16H4zM8.5 8.5h.01M15.5 8.5h.01M12 12h.01M8.5 15.5h.01M15.5 15.5h.01", "games", "dice", "board-game", "domino");
        Draw("M4 6h9v14H4zM11 4l8 2-3 13M8.5 11v4", "card-game");
        Draw("M4 8h5a2 2 0 1 1 4 0h5v5a2 2 0 1 1 0 4v4H4z", "puzzle");
        Draw("M12 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM10 10l-1.5 7h7L14 10M6.5 21h11l-1-4h-9z", "chess", "backgammon");
        Draw("M4 13h7v7H4zM13 13h7v7h-7zM8.5 4h7v7h-7z", "blocks", "packing-cubes");
        Draw("M4 16V9h9V5h6v11zM7 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM16 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4z", "train");
        Draw("M12 2l6 8-6 8-6-8zM6 10h12M12 2v16M12 18c0 2-2 2-2 4", "kite");
        Draw("M12 20a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM6.5 8.5a2.5 2.5 0 1 1 2-3M17.5 8.5a2.5 2.5 0 1 0-2-3M9.5 12h.01M14.5 12h.01M10.5 15.5h3", "plush");
        Draw("M12 3a9 9 0 1 0 0 18c2 0 1-2.5 1-3.5 0-2 5 0 7-2.5 2-4-2-12-8-12zM8 9h.01M13 7h.01M17 10h.01M7 14h.01", "paint", "clay");
        Draw("M7 9a5 5 0 0 1 10 0v11H7zM9 20v-6h6v6M10 5a2 2 0 0 1 4 0M7 14H5v5h2M17 14h2v5h-2", "backpack");
        Draw("M5 9h14l1 12H4zM8.5 12V7a3.5 3.5 0 0 1 7 0v5", "bags", "tote", "pouch");
        Draw("M6 7h12v13H6zM9 7V3h6v4M9 11v5M15 11v5M8 20v1.5M16 20v1.5", "suitcase", "duffel");
        Draw("M4 6h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a1 1 0 0 1 1-1zM20 11h-4a2 2 0 0 0 0 4h4", "wallet", "belt-bag");
        Draw("M3 12a9 9 0 0 1 18 0zM12 12v7a2 2 0 0 1-4 0M12 3V2", "umbrella");
        return drawings;
    }
}

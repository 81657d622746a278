// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Balances of one version. Only the token writes them, and only while it points here.
contract Ledger {
    address public immutable TOKEN;
    Ledger public immutable OLD;
    /// @notice Grows at every change, so that a copy knows whether it is of the present.
    uint256 public version = 1;
    /// @notice The version of `OLD` whose copy is in use; 0 until `seal`.
    uint256 public source;
    uint256 public totalSupply;
    mapping(uint256 source => mapping(address account => uint256)) private balance;
    mapping(uint256 source => mapping(address account => bool)) private isCopied;
    mapping(uint256 source => uint256) private copiedTotal;

    error Sealed();
    error NotToken();
    error Incomplete(uint256 copied, uint256 expected);

    modifier onlyToken() {
        if (msg.sender != TOKEN) revert NotToken();
        _;
    }

    /// @dev The first ledger has no `old`, and is in use from the start.
    constructor(address token, Ledger old) {
        TOKEN = token;
        OLD = old;
    }

    /// @notice Sets, and does not add, what the old ledger says now; a ledger in use is not written any more. Anybody
    /// may: it only ever copies what is true.
    function copy(address[] calldata accounts) external {
        if (source != 0 || address(OLD) == address(0)) return;
        uint256 at = OLD.version();
        for (uint256 i = 0; i < accounts.length; i++) {
            address account = accounts[i];
            if (isCopied[at][account]) continue;
            isCopied[at][account] = true;
            balance[at][account] = OLD.read(account);
            copiedTotal[at] += balance[at][account];
        }
    }

    /// @notice Puts the copy of the present into use, if every unit is in it.
    function seal() external onlyToken {
        if (source != 0 || address(OLD) == address(0)) revert Sealed();
        uint256 at = OLD.version();
        if (copiedTotal[at] == 0 || copiedTotal[at] != OLD.totalSupply()) revert Incomplete(copiedTotal[at], OLD.totalSupply());
        (source, totalSupply) = (at, copiedTotal[at]);
    }

    function mint(address to, uint256 amount) external onlyToken {
        version++;
        totalSupply += amount;
        balance[source][to] += amount;
    }

    function move(address from, address to, uint256 amount) external onlyToken {
        version++;
        balance[source][from] -= amount;
        balance[source][to] += amount;
    }

    function read(address account) external view returns (uint256) {
        return balance[source][account];
    }
}

/// @notice What holders see: one address for ever, in front of a ledger that changes in one transaction.
contract FacadeToken {
    string public constant name = "Facade";
    string public constant symbol = "FCD";
    uint8 public constant decimals = 18;
    address public immutable OWNER = msg.sender;
    Ledger public ledger;

    event Transfer(address indexed from, address indexed to, uint256 value);

    error NotOwner();
    error ForeignLedger();

    modifier onlyOwner() {
        if (msg.sender != OWNER) revert NotOwner();
        _;
    }

    constructor() {
        ledger = new Ledger(address(this), Ledger(address(0)));
    }

    function mint(address to, uint256 amount) external onlyOwner {
        ledger.mint(to, amount);
        emit Transfer(address(0), to, amount);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        ledger.move(msg.sender, to, amount);
        emit Transfer(msg.sender, to, amount);
        return true;
    }

    /// @notice Goes over to `next`, which refuses unless it is a whole copy of the present. Again does nothing.
    function switchTo(Ledger next) external onlyOwner {
        if (next == ledger) return;
        if (next.OLD() != ledger) revert ForeignLedger();
        next.seal();
        ledger = next;
    }

    function balanceOf(address account) external view returns (uint256) {
        return ledger.read(account);
    }

    function totalSupply() external view returns (uint256) {
        return ledger.totalSupply();
    }
}
